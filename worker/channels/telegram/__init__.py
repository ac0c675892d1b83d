"""A Telegram bot, over the Bot API."""
