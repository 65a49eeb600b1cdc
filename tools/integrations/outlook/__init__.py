"""Outlook: mail and calendar of Microsoft 365."""
