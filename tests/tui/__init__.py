"""Tests of the terminal, mirroring tui."""
