"""Pure values and pure functions: no I/O, no event loop, nothing that can fail for outside reasons.

What comes by the thousand is declared with `gc=False`: values made of values can be in no cycle, and the collector,
which would hold up an order while it walks them, passes over them.
"""
