"""Tests of the panes, one at a time."""
