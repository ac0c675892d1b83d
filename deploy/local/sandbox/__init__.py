"""A stand-in for the providers: one process that speaks WAHA, GOWA, Fonnte, the Cloud API, the Bot API and SMTP.

It refuses what the providers refuse, keeps what it accepts, posts signed webhooks, and fails on demand. It shares no code
with the worker's adapters on purpose: two independent readings of the providers' documentation check each other.
"""
