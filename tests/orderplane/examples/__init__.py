"""The document's examples about the order plane, adapted; each runs as written."""
