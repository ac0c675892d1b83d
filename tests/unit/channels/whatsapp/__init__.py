"""The channel whatsapp."""
