"""What is a queue that stands still, a worker that is stuck, and a probe that is answered in time."""
