"""The acceptance tests on the servers that operators run: ``make engines``, or ``make engines ENGINE=sentinel``.

Each engine is a module here, named as in ``ENGINE``, with two names:

``NEEDS``
    The programs that must be installed, by their names; where one is missing the engine is skipped.
``start(folder)``
    Starts the servers in a folder, on free ports, and gives an :class:`tests.engines.engine.Engine`.

An engine is started for each stack that the tests run: two stacks never share a server. The variables it gives say where its
servers are, and the stack starts its own of those that they do not name.

What an engine does to its servers in the middle of the tests, twice, is its ``disturb``: the tests do not know of it and are to
pass as they stand. Before those marked as ``steady``, which are about what does not hold meanwhile, as exact rates,
``await_steady`` waits for its end.
"""
