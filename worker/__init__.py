"""The delivery side: Celery tasks, the channels and what keeps them honest."""
