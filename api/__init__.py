"""The intake: HTTP in, one commit, ids out to the queue."""
