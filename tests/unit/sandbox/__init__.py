"""The sandbox's decisions, without a process."""
