"""What ``naive`` and ``limit`` have in common: their processes, their databases, and the providers they call."""
