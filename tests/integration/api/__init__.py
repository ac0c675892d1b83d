"""The intake on a stack of its own, whose servers the tests may stop."""
