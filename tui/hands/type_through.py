"""Typing a ticker on the desk finds a symbol, whatever its letters do by themselves (rule 2)."""

from __future__ import annotations

from typing import NamedTuple

WINDOW = 0.4
"""Seconds within which a letter after a letter is a word."""
MOVES = frozenset("hjkl")
"""Letters that move the cursor: the same one again, or held down, goes on moving."""
LONGEST_RUN = 2
"""No ticker begins with more of the same letter: a longer run was only moving."""


class Typed(NamedTuple):
    """Letters that were typed one after the other in the panes and may become a symbol."""

    letters: str = ""
    at: float = 0.0
    """Loop time of the last of them, in seconds."""


NOTHING = Typed()
"""Nothing was typed lately."""


def type_letter(typed: Typed, letter: str, now: float, *, opened: str = "") -> tuple[Typed, str | None]:
    """Take one more letter.

    Args:
        typed: What came before.
        letter: One Latin letter.
        now: Loop time of the key in seconds.
        opened: The letters behind the ticket that is open and untouched; empty when there is none.

    Returns:
        What is remembered, and the text to search for: then the first letters must be undone. None leaves the
        letter to whatever it is bound to.
    """
    before = typed.letters if typed.letters and now - typed.at <= WINDOW else ""
    if before and letter in MOVES and set(before) == {letter}:
        return Typed((before + letter) if len(before) < LONGEST_RUN else before, now), None
    before = before or opened
    if before or letter.isupper():
        return NOTHING, before + letter
    return Typed(letter, now), None


def is_foreign(character: str | None) -> bool:
    """True for a letter that no Latin layout types: then letters can't be commands (rule 10)."""
    return character is not None and character.isalpha() and not character.isascii()


def is_letter(character: str | None) -> bool:
    """True for one Latin letter."""
    return character is not None and len(character) == 1 and character.isascii() and character.isalpha()
