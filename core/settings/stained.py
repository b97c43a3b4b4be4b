"""Texts of files, variables and arguments that could drive a terminal or hide: a setting may have none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from core.text import is_clean


def stained(path: Path, stored: Mapping[str, object], given: Mapping[str, str]) -> list[str]:
    """What is wrong with such texts in a file's tables and in what was `given`, by the name of its source."""
    found = [(str(path), name) for name in _keys(stored)] + [(source, "") for source in given if _bad(given[source])]
    return [
        f"{source}: {f'{name} ' if name else ''}has control codes, or characters that hide or turn text around. "
        "Type it again and start again."
        for source, name in found
    ]


def _keys(value: object, name: str = "") -> Iterator[str]:
    """The dotted keys of bad values, and bad keys as Python writes them."""
    match value:
        case str():
            if _bad(value):
                yield name
        case Mapping():
            for key, held in value.items():
                inner = f"{name}.{key}" if name else str(key)
                if _bad(str(key)):
                    yield repr(inner)
                else:
                    yield from _keys(held, inner)
        case list():
            for held in value:
                yield from _keys(held, name)


def _bad(text: str) -> bool:
    return not is_clean(text)
