"""What a worker process keeps: its event loop, its connections, and the writer of outcomes."""
