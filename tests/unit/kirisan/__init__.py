"""The Kirisan dialect: from bytes to plan, and from state to wire."""
