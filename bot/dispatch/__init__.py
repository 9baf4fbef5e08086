"""The one entrance and the one exit: what comes in, one turn at a time per chat thread, what goes out."""
