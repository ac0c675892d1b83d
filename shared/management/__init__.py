"""Accounts, tokens, channel keys and templates: what operators and account holders manage, by command line and API alike.

Every function takes an open connection and leaves the transaction to its caller.
"""
