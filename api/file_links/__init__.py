"""Where providers and people fetch files, without an account, while a link works."""
