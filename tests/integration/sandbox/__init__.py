"""The sandbox as a process of its own, driven over real sockets the way each provider's clients do."""
