"""The app manifests for Slack and Teams, made for the address under which the assistant is reached."""
