"""Tables as they are after weeks of work: filled within Postgres, so that rates and look-ups can be measured among them."""
