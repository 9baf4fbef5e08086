"""Middle floor: what Randebu does. No platform, no SQL."""
