"""Figma."""
