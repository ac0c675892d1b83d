"""A WhatsApp account driven through a device gateway: WAHA, GOWA or Fonnte."""
