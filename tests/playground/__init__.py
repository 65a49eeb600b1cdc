"""Conversations by Microsoft's own client, the Agents Playground, in a browser."""
