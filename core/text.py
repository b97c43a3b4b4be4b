"""Cleaning of text that comes from outside, and masking of account numbers."""

from __future__ import annotations

import re
import unicodedata

MAX_OUTSIDE_TEXT = 500
"""Characters kept of one text from outside; longer ones end in an ellipsis."""

_DROPPED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_BLANKS = str.maketrans({"\t": " ", "\n": " ", "\r": " "})
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,8}[@-~]"
    r"|(?:\x1b[\]P_^X]|[\x9d\x90\x9f\x9e\x98])[^\x07\x1b\x9c\r\n]{0,4096}(?:\x07|\x1b\\|\x9c)"
)
"""Control sequences and strings of a terminal (ECMA-48, sections 5.4 and 5.6) that have their end."""
_ACCOUNT = re.compile(r"\b(D[UF][A-Z]?|U|F|I)(\d{2,})(\d{3})")


def clean(text: str, limit: int = MAX_OUTSIDE_TEXT) -> str:
    """Return `text` as one printable line of at most `limit` characters.

    Control sequences are dropped whole; control, format (bidirectional marks included), surrogate, private and
    separator characters one by one, so that no text from a broker, a file or a news feed can drive the terminal. Line
    breaks and tabs become blanks.
    """
    if text.isascii() and text.isprintable():
        kept = text
    else:
        blank = _SEQUENCE.sub("", text).translate(_BLANKS)
        kept = "".join(c for c in blank if unicodedata.category(c) not in _DROPPED_CATEGORIES)
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


def is_clean(text: str, limit: int = MAX_OUTSIDE_TEXT) -> bool:
    """True if `clean` would leave `text` as it is."""
    return clean(text, limit) == text


def clean_lines(text: str, limit: int = MAX_OUTSIDE_TEXT) -> str:
    """As `clean`, each line by itself: for texts whose lines are ours."""
    return "\n".join(clean(line, limit) for line in text.split("\n"))


def printable_json(line: str) -> str:
    """JSON text that means the same, every character in it that could drive a terminal written as an escape."""
    if line.isprintable():
        return line
    # Slow to import, and the start of a desk has no use for it.
    import json

    return "".join(char if char.isprintable() else json.dumps(char)[1:-1] for char in line)


def is_wire_safe(text: str) -> bool:
    """True if `text` may stand in one field of an outgoing frame: printable ASCII only, so no NUL can shift fields."""
    return text.isascii() and (text.isprintable() or text == "")


def mask_account(account: str) -> str:
    """Return an account number for showing: its letters, an ellipsis, its last three digits (`DU…567`)."""
    letters = re.match(r"[A-Za-z]*", account)
    prefix = letters.group() if letters else ""
    return f"{prefix}…{account[-3:]}" if account else "no account"


def mask_accounts(text: str) -> str:
    """Return `text` with every account number in it masked. Clean first: a dropped character can make one whole."""
    return _ACCOUNT.sub(lambda m: f"{m.group(1)}…{m.group(3)}", text)


def masked_traceback(error: BaseException, limit: int = 300) -> str:
    """The traceback without values of variables, cleaned, accounts masked, each line at most `limit` characters."""
    import traceback

    lines = "".join(traceback.format_exception(error)).rstrip().splitlines()
    return "\n".join(mask_accounts(clean(line, limit)) for line in lines)
