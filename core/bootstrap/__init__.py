"""The composition root: the one place that picks real parts and wires them together."""
