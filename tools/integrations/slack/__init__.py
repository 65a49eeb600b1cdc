"""Slack: messages, channels, reminders."""
