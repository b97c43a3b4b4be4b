"""Panes of the desk, one a file."""
