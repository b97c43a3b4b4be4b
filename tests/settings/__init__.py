"""Tests of what a person writes to core."""
