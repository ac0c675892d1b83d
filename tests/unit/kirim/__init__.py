"""The Kirim dialect without a database: what requests may say, and how things are told."""
