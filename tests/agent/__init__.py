"""How Randebu thinks."""
