"""What must hold for the whole tree: imports, the way to an order, files, listeners."""
