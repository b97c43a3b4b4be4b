"""Pure values and pure functions: no I/O, no event loop, nothing that can fail for outside reasons."""
