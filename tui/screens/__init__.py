"""Screens of the desk, one a file."""
