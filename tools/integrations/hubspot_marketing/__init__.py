"""HubSpot's marketing side."""
