"""A gateway for practice: it speaks the TWS API text protocol at server version 178 on a loopback port.

It is a stranger's server: it imports nothing of core but this room, and any client of that protocol may use it.
"""
