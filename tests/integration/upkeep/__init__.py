"""The database is kept in shape: weeks made and dropped, what has expired deleted."""
