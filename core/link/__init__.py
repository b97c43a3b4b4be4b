"""The way between core and its desks: a Unix socket, or the same loop."""
