"""Randebu as the people who use it rely on it."""
