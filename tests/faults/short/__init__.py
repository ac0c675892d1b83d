"""The most telling faults in one go, for every run of the tests."""
