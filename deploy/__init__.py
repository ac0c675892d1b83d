"""How antar is run: the local stack, the command line, and deployments."""
