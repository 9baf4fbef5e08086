"""What is remembered: the same on SQLite and on PostgreSQL."""
