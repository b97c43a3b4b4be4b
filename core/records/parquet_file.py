"""Parquet files that are there whole or not at all, for nobody else to read."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import RecordsError
from core.private import make_folder, open_file

if TYPE_CHECKING:
    import polars as pl

ABOUT: Final = "ibdesk"
"""The key of a file's own metadata under which it says what it holds, as JSON."""


def write_parquet(frame: pl.DataFrame, path: Path, about: Mapping[str, object]) -> None:
    """Write a file beside its place, sync it, then put it there: whoever reads finds the old one or the new one.

    Raises RecordsError, naming the file, if it can't be written; the old one is as it was then.
    """
    import polars as pl

    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        make_folder(path.parent)
        with os.fdopen(open_file(beside, os.O_WRONLY | os.O_TRUNC), "wb") as file:
            frame.write_parquet(file, metadata={ABOUT: json.dumps(about)})
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        _sync_folder(path.parent)
    except (OSError, pl.exceptions.PolarsError) as error:
        # What the disk says to polars comes in an error of its own.
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        reason = (isinstance(error, OSError) and error.strerror) or str(error).rpartition("IO error: ")[2]
        raise RecordsError(f"{path} can't be written: {reason}. {_MEND}") from error


def read_parquet(path: Path, what: str, mend: str) -> pl.DataFrame:
    """The whole of a file. `what` says for a person what it is (`Bars of SPY`), `mend` what to do without it.

    Raises RecordsError, naming the file, where there is none, or where it can't be read to its end.
    """
    import polars as pl

    try:
        # Opened once: by its path polars opens it several times, and may find another file at the second.
        with path.open("rb") as file:
            return pl.read_parquet(file)
    except FileNotFoundError:
        raise RecordsError(f"{what}: there is no file {path}. {mend}") from None
    except OSError as error:
        raise RecordsError(f"{what}: {path} can't be read: {error.strerror or error}. {_MEND}") from error
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RecordsError(f"{what}: {path} is damaged, cut short or no Parquet file ({reason}). {mend}") from error


def read_about(path: Path) -> Mapping[str, object]:
    """What a file that can be read says of itself; empty for one that another program wrote."""
    import polars as pl

    try:
        found = json.loads(pl.read_parquet_metadata(path).get(ABOUT, "{}"))
    except (OSError, ValueError, pl.exceptions.PolarsError):
        return {}
    return found if isinstance(found, dict) else {}


_MEND: Final = "Make its folder yours to write in, or choose another."


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
