"""What can be read back, never written."""
