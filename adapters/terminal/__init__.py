"""The terminal: a person at a keyboard, or a pipe."""
