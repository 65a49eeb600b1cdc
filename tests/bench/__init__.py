"""Measurements; `make bench` runs them and prints figures, nothing here passes or fails by time."""
