"""Keys, tokens, contacts and suppressions, managed over HTTP."""
