"""What the assistant remembers of people, channels, teams and the company, and how it forgets."""
