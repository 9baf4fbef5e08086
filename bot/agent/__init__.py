"""How Randebu thinks: the assistant, its instructions, its models and its memory."""
