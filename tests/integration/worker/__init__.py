"""The worker's runtime in this process, on a real database and broker that no other worker serves."""
