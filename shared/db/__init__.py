"""Postgres: the tables by noun, the statements of the hot path, and the migrations."""
