"""Makes the local interpreter's weights from the sentences of tools and from `said/`; nothing here runs in a chat."""
