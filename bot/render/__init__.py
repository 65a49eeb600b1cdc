"""One `Reply`, drawn as Block Kit, Adaptive Card or text."""
