"""Pure decisions: whether an order may leave, and whether a connection may be opened."""
