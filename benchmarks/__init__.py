"""What must be fast, measured: every run prints what it ran on."""
