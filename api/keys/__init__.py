"""An account's channel keys: made, changed, suspended, given another token."""
