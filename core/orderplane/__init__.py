"""The order plane: a process of its own that places what strategies ask for on a bus, and reports what became of it.

It is one more client of core: whatever it places passes core's own controls.
"""
