"""Customers' webhooks over HTTP, from a subscription to what a customer's server gets."""
