"""Tests: they mirror the tree; house/ holds the rules of the house itself."""
