"""Installations of antar apart from the session's: the same servers, but a database, queues and processes of their own."""
