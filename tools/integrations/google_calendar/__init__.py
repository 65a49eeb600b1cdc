"""Google Calendar: events, guests, free time."""
