"""The domain: pure values and functions."""
