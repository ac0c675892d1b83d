"""The local stack: what can be decided without starting anything."""
