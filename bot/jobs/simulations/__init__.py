"""Simulations: what the clock does for bots that trade on paper."""
