"""The chat in the browser: one page without a build step, its stream of replies, its own door."""
