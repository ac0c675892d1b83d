"""The resource of sends, without its database."""
