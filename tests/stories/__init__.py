"""Whole conversations through a fake platform, with everything real inside."""
