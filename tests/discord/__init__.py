"""Discord, as its people see it: discord.py against a stand-in of Discord on a local port."""
