"""Telegram: its pure parts alone, and the whole of it against a Bot API on a local port."""
