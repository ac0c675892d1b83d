"""The command line, on a real database and a real broker."""
