"""How many deliveries have ended, and how."""
