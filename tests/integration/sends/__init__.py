"""Looking sends up: the native resource, on a real database."""
