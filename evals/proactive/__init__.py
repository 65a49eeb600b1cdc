"""How much of what is said unasked was worth saying: a month at the demo company, replayed through the outbox."""
