"""Texts that nobody should hand to a terminal or a markup parser, and what no shown text may have in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")

MARKUP = "[/bold][@click=app.leave]x[/]"
"""Taken for markup, its first tag crashes what shows it, and its second ends the desk on a click."""

CORPUS: Mapping[str, str] = {
    "colour": "a\x1b[31mb",
    "clear screen": "a\x1b[2J\x1b[Hb",
    "window title": "a\x1b]0;owned\x07b",
    "title by ST": "a\x1b]2;owned\x1b\\b",
    "clipboard": "a\x1b]52;c;aGk=\x07b",
    "link": "a\x1b]8;;http://x\x1b\\b",
    "window size": "a\x1b[8;1;1tb",
    "C1 sequence": "a\x9b31mb",
    "C1 string": "a\x9d52;c;aGk=\x9cb",
    "device string": "a\x1bP$q\x1b\\b",
    "unfinished sequence": "a\x1b[31",
    "unfinished string": "a\x1b]52;c;aGk=",
    "sequence in a sequence": "a\x1b\x1b[31m[31mb",
    "bell and backspace": "a\x07\x08\x08b",
    "carriage return": "right\rwrong",
    "line feeds": "one\ntwo\x0b\x0c\x85three",
    "NUL and DEL": "a\x00b\x7fc",
    "right to left": "a\u202egnp.b\u2066\u2069",
    "zero width": "a\u200b\u200d\ufeff\u2060b",
    "separators": "a\u2028b\u2029c",
    "tags": "a\U000e0041\U000e007fb",
    "surrogates": "a\ud800\udc00b",
    "private": "a\ue000\U0010fffdb",
    "markup": MARKUP,
    "broken markup": "[bold [red]] \\[ [/x] [link=x] [[",
    "account": "of DU1234567 and U7654321",
    "split account": "of DU12\x0034567 and U76\u200b54321",
    "long": "x" * 100_000,
}
"""Every kind by its name."""

DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that no text has once it is inside."""

ACCOUNT = re.compile(r"\b(D[UF]\w?|U|F|I)\d{5,}")
"""An account number that is not masked."""


def unclean(text: str) -> str:
    """The first reason why a text may not be shown; empty if it may."""
    for char in text:
        if unicodedata.category(char) in DROPPED:
            return f"U+{ord(char):04X} in {text[:80]!r}"
    return "" if len(text) <= 5_000 else f"{len(text)} characters: {text[:40]!r}"


def poison(value: T, text: str, *, spared: frozenset[str] = frozenset()) -> T:
    """The value with `text` in front of every text in it, the members of enumerations and the fields `spared` apart."""
    changed: object = value
    match value:
        case Enum():
            pass
        case str():
            changed = text + value
        case Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__ if name not in spared}
            changed = replace(value, **{name: poison(held, text, spared=spared) for name, held in fields.items()})
        case tuple():
            changed = tuple(poison(held, text, spared=spared) for held in value)
    return cast("T", changed)


def texts(value: object) -> Iterator[str]:
    """Every text in a value, however deep, the members of enumerations apart."""
    match value:
        case Enum():
            return
        case str():
            yield value
        case Struct():
            for name in value.__struct_fields__:
                yield from texts(getattr(value, name))
        case Mapping():
            for key, held in value.items():
                yield from texts(key)
                yield from texts(held)
        case tuple() | list() | set() | frozenset():
            for held in value:
                yield from texts(held)
