"""Microsoft Teams: teams, channels, chats and meetings, for the person who is connected."""
