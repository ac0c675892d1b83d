"""The variables by which the processes are told where to connect, and what they say when they are ready."""

DATABASE_URL = "NAIVE_DATABASE_URL"
BROKER_URL = "NAIVE_BROKER_URL"

READY = "the worker takes tasks"
"""What the worker writes to its log."""
