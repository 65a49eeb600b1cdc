"""Tableau."""
