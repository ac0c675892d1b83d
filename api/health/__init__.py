"""Whether the process is alive, and whether its work can be done."""
