"""The fault suite: 75 rows of what can go wrong, each proven on the gateway's ledger and on the bytes of the wire."""
