"""Kirim: `POST /v1/messages`, one WhatsApp Business message in Meta's own shape, answered before it is sent."""
