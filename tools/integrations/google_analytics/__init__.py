"""Google Analytics 4: reports, key events, the history of changes."""
