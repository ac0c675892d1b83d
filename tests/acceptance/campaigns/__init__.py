"""Campaigns from the outside: made, filled, started, halted and reported."""
