"""One adapter a chat platform: its events become a `Message` or `Press`, a `Reply` becomes its own cards."""
