"""Rotating the keys that encrypt, on a database of its own: what other tests have left is none of its business."""
