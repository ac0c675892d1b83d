"""WhatsApp Business over the Cloud API of Meta."""
