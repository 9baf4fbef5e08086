"""Ground floor: what is remembered. Knows nobody above."""
