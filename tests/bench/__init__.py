"""Measurements on a stack of its own: ``make bench``. No figure makes it fail; only what was not done as it was counted does."""
