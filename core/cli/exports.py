"""Files that people take out of ibdesk: new, theirs alone, in the folder that they named, without formulas."""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from core.private import open_file

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_STARTERS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection")."""


def csv_line(cells: Sequence[str]) -> str:
    """One line of CSV, every cell in quotes; one that a spreadsheet would take for a formula begins with `'`."""
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL, lineterminator="").writerow([_harmless(cell) for cell in cells])
    return line.getvalue()


def file_name(*words: str, ending: str) -> str:
    """A name of letters, digits, - and _ alone, whatever the words are; it leads into no other folder."""
    return f"{'-'.join(_NO_NAME.sub('_', word)[:60] or '_' for word in words)}.{ending}"


@contextmanager
def output(to: Path | None, name: str) -> Iterator[tuple[TextIO, Path | None]]:
    """Where to write: standard output, the new file `to`, or the new file `name` in the folder `to`.

    Gives the stream, and the file's path if it is one. Raises OSError where the file exists or is a symbolic link,
    ValueError for a name that leads out of the folder.
    """
    if to is None:
        yield sys.stdout, None
        return
    path = to
    if to.is_dir():
        path = to / name
        if not path.resolve().is_relative_to(to.resolve()):
            raise ValueError(f"{name!r} leads out of {to}")
    with os.fdopen(open_file(path, os.O_WRONLY | os.O_EXCL), "w", encoding="utf-8") as file:
        yield file, path


def _harmless(cell: str) -> str:
    starts = cell.startswith(_STARTERS) or cell.lstrip().startswith(_STARTERS)
    return f"'{cell}" if starts and not _NUMBER.fullmatch(cell) else cell
