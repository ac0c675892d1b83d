"""Real processes that count, die, and take over from each other."""
