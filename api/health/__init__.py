"""Whether the process is alive."""
