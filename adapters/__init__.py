"""Top floor: where people meet Randebu."""
