"""Widgets that know nothing of trading."""
