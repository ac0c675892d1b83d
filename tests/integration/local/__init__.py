"""The local stack: real processes, real servers."""
