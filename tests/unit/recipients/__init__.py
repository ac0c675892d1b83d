"""Files of recipients: read, and judged row by row."""
