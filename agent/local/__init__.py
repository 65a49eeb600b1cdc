"""The local interpreter: a sentence to a plan, in milliseconds, on one CPU core."""
