"""Google Chat: spaces, direct messages, members."""
