"""The tables of the README that the code knows better: ``make docs`` writes them anew."""
