"""What everyone agrees on: tool, records, message, principal, errors, settings, db, vault, clock, log."""
