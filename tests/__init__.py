"""Tests, mirroring the tree; `python -m tests` runs every check."""
