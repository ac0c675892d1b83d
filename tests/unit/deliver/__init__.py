"""The delivery step, as far as it is pure."""
