"""One value changed in a TOML file that a person wrote; everything else in it stays as it is."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from core.errors import ConfigError
from core.private import make_folder

Value = Decimal | bool | str | tuple[str, ...] | None
"""None takes a key away."""


def write_value(path: Path, table: Sequence[str], key: str, value: Value) -> None:
    """Change one value of one table in a file, which is made if it is missing. What others could open is ours alone.

    Raises ConfigError if the file can't be written, or is written so that no single line says the value.
    """
    try:
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        new = edited(old, table, key, value)
        if new is None:
            name = ".".join((*table, key))
            raise ConfigError(
                f"{name} can't be changed from here as {path} is written. Change it in the file, then have it read "
                "(`ibdesk limits read`)."
            )
        if new != old:
            _replace(path, new)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} can't be changed: {error}. Check its owner, mode and disk.") from error


def edited(text: str, table: Sequence[str], key: str, value: Value) -> str | None:
    """The text with the value in it; None where no single line can say it. Raises TOMLDecodeError if it is no TOML."""
    wanted = _with(tomllib.loads(text, parse_float=Decimal), table, key, value)
    lines = text.splitlines()
    begin = next((at for at, line in enumerate(lines) if _header(line) == list(table)), None)
    said = [] if value is None else [f"{_quoted(key)} = {_written(value)}"]
    if begin is None:
        lines += [*([""] if lines and said else []), *([_header_line(table)] if said else []), *said]
    else:
        end = next((at for at in range(begin + 1, len(lines)) if lines[at].lstrip().startswith("[")), len(lines))
        at = next((at for at in range(begin + 1, end) if _key(lines[at]) == key), None)
        lines[begin + 1 if at is None else at : begin + 1 if at is None else at + 1] = said
    new = "\n".join(lines) + "\n" if lines else ""
    try:
        found = tomllib.loads(new, parse_float=Decimal)
    except tomllib.TOMLDecodeError:
        return None
    return new if _filled(found) == _filled(wanted) else None


def _with(said: dict[str, object], table: Sequence[str], key: str, value: Value) -> dict[str, object]:
    """What the file shall say."""
    if table:
        inner = said.get(table[0], {})
        return {**said, table[0]: _with(inner if isinstance(inner, dict) else {}, table[1:], key, value)}
    without = {name: one for name, one in said.items() if name != key}
    if value is None:
        return without
    return {**without, key: list(value) if isinstance(value, tuple) else value}


def _filled(said: dict[str, object]) -> dict[str, object]:
    """The same without empty tables."""
    found = {name: _filled(one) if isinstance(one, dict) else one for name, one in said.items()}
    return {name: one for name, one in found.items() if one != {}}


def _one_line(line: str) -> dict[str, object]:
    try:
        return tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return {}


def _header(line: str) -> list[str] | None:
    """The keys of a table's first line; None for any other line."""
    if not line.lstrip().startswith("[") or line.lstrip().startswith("[["):
        return None
    keys: list[str] = []
    inner: object = _one_line(line)
    while isinstance(inner, dict) and len(inner) == 1:
        (key,) = inner
        keys.append(key)
        inner = inner[key]
    return keys


def _key(line: str) -> str:
    """The key that a line gives a value; empty if it is none or more than that."""
    found = _one_line(line)
    return next(iter(found)) if len(found) == 1 and "=" in line else ""


def _quoted(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else json.dumps(key)


def _header_line(table: Sequence[str]) -> str:
    return f"[{'.'.join(map(_quoted, table))}]"


def _written(value: Decimal | bool | str | tuple[str, ...]) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value:f}"
        case str():
            return json.dumps(value)
        case names:
            return f"[{', '.join(map(json.dumps, names))}]"


def _replace(path: Path, text: str) -> None:
    """Whole or not at all, over a loss of power too."""
    target = path.resolve()
    make_folder(target.parent)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    finally:
        beside.unlink(missing_ok=True)
