"""The entrance and the exit."""
