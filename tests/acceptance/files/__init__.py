"""Files: uploaded, linked, sent and deleted."""
