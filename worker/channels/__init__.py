"""The channels, one package each."""
