"""The channel waba."""
