"""The frozen evaluation of what the assistant remembers: scripts of several days, played through its door."""
