"""Customers' webhooks, in the envelope of the Kirim dialect: where they go to, and what became of each (contract, Kirim 2.8)."""
