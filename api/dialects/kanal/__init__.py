"""Kanal: one message or template to one WhatsApp recipient, with integers for ids and flat errors."""
