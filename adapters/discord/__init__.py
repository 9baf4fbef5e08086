"""Discord: servers, threads, direct messages, slash commands; everything that discord.py is needed for."""
