"""One file for each version of the tables, its number first."""
