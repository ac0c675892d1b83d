"""Measurements on a stack of its own: ``make bench``. Nothing here fails on a figure."""
