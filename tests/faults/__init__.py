"""Randebu killed at random moments, with calls that fail: nothing is lost, nothing is done twice."""
