"""Where a recipient stops further email, with one click."""
