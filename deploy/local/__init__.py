"""The whole stack on one machine, under one command: servers, processes and what keeps them running."""
