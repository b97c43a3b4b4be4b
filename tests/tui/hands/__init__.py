"""The hands as values: no screen, no loop."""
