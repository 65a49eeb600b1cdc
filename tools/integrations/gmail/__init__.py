"""Gmail: messages, conversations, drafts, labels."""
