"""The execution service of ibdesk: it owns the orders and knows no screen.

Importing this package imports nothing else, so that a short command pays only for what it uses.
"""
