"""The api held against what it says of itself."""
