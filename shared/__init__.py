"""What the intake and the workers agree on; it imports neither."""
