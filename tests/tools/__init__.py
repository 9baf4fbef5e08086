"""What Randebu can do."""
