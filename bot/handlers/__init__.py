"""What a person can do, shared by all platforms."""
