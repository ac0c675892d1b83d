"""An account's files: uploaded once, sent by their id in any message, and fetched under links that expire."""
