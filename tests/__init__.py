"""The tests: unit, integration and acceptance run in `make test`; faults and bench on their own."""
