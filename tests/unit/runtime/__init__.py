"""The parts of a worker process that need no server."""
