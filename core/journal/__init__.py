"""The append-only record of what core decided and heard: SQLite, one writer, every row chained to the last."""
