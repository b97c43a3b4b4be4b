"""Tests of what wires core together and keeps it running."""
