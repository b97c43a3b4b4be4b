"""Cleaning of text that comes from outside, and masking of account numbers."""

from __future__ import annotations

import re
import unicodedata

MAX_OUTSIDE_TEXT = 500
"""Characters kept of one text from outside; longer ones end in an ellipsis."""

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = str.maketrans({"\t": " ", "\n": " ", "\r": " "})
_ACCOUNT = re.compile(r"\b(D[UF][A-Z]?|DFP|DUP|U|F|I)(\d{3,})(\d{3})\b")


def clean(text: str, limit: int = MAX_OUTSIDE_TEXT) -> str:
    """Return `text` as one printable line of at most `limit` characters.

    Control, format (bidirectional marks included), surrogate, private and separator characters are dropped, so that
    no text from a broker, a file or a news feed can drive the terminal. Line breaks and tabs become blanks.
    """
    if text.isascii() and text.isprintable():
        kept = text
    else:
        kept = "".join(c for c in text.translate(_BLANKS) if unicodedata.category(c) not in _DROPPED_CATEGORIES)
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def is_wire_safe(text: str) -> bool:
    """True if `text` may stand in one field of an outgoing frame: printable ASCII only, so no NUL can shift fields."""
    return text.isascii() and (text.isprintable() or text == "")


def mask_account(account: str) -> str:
    """Return an account number for showing: its letters, an ellipsis, its last three digits (`DU…567`)."""
    letters = re.match(r"[A-Za-z]*", account)
    prefix = letters.group() if letters else ""
    return f"{prefix}…{account[-3:]}" if account else "no account"


def mask_accounts(text: str) -> str:
    """Return `text` with every account number in it masked."""
    return _ACCOUNT.sub(lambda m: f"{m.group(1)}…{m.group(3)}", text)
