"""What probes are told, and what a worker does about itself, when real servers and workers stop, hang or do not consume."""
