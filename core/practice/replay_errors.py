"""What goes wrong with a recorded market; by itself, so that a gateway that plays none starts without the rest."""

from __future__ import annotations


class ReplayError(Exception):
    """A file of a recorded market that can't be used; the text names it and the line."""
