"""An account's tokens: listed, made, revoked."""
