"""Logs: one JSON object a line, accounts masked, in files of a profile that nobody else can read.

A line about an order bears its `order_ref`, from the key that asked for it to its last fill, in the files of desk,
commands and core alike: `grep ORDER_REF *.log` tells its whole way. See `core.domain.subjects.about`.
"""

from __future__ import annotations

import contextlib
import logging
import logging.handlers
import os
import queue
import re
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

import msgspec

from core.private import open_file
from core.text import clean, clean_lines, mask_accounts

CORE, DESK, COMMANDS = "core.log", "desk.log", "commands.log"
"""The files, in the folder of a profile's state."""

_MAX_BYTES = 10_000_000
_BACKUPS = 3
_LONGEST = 4000
_OUR_REF = re.compile(r"ibd-[0-9A-Z]{6}-[0-9A-Z]{26}|ext-[0-9.]+")


class JsonLines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; text from outside is cleaned, accounts are masked."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
        }
        order_ref = getattr(record, "order_ref", "")
        if order_ref:
            # A reference of ours can hold what looks like an account's number.
            line["order_ref"] = order_ref if _OUR_REF.fullmatch(order_ref) else _said(order_ref)
        line["message"] = _said(record.getMessage())
        details: dict[str, object] = getattr(record, "details", {})
        line |= {name: _plain(value) for name, value in details.items()}
        if record.exc_info:
            line["exception"] = _lines(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = _lines(record.stack_info)
        return msgspec.json.encode(line).decode()


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, bool | int | float) else _said(str(value))


def _said(text: str) -> str:
    return mask_accounts(clean(text, _LONGEST))


def _lines(text: str) -> str:
    return mask_accounts(clean_lines(text))


def start_logging(folder: Path, *, debug: bool = False) -> logging.handlers.QueueListener:
    """Send every log record of this process, core's, to its file; returns the listener, to be stopped at the end.

    A thread of its own formats and writes, so that core's loop never waits for the disk.
    """
    handler = _PrivateFile(folder / CORE, maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")
    handler.setFormatter(JsonLines())
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    _send_all_to(_Unformatted(records), debug=debug)
    listener = logging.handlers.QueueListener(records, handler)
    listener.start()
    return listener


def log_to(path: Path, *, debug: bool = False) -> None:
    """Send every log record of this process to a file that others write, too; one that is too long is put aside.

    A file that can't be written is no reason to stop: what is logged is lost then.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > _MAX_BYTES:
            path.replace(path.with_suffix(".log.1"))
    handler: logging.Handler = logging.NullHandler()
    with contextlib.suppress(OSError):
        # Unbuffered: a line is one write, which no other process' line can part.
        file = os.fdopen(open_file(path, os.O_APPEND | os.O_WRONLY), "ab", buffering=0)
        handler = logging.StreamHandler(TextIOWrapper(file, encoding="utf-8", write_through=True))
    handler.setFormatter(JsonLines())
    # The terminal is no place for words about a full disk: it belongs to the desk.
    logging.raiseExceptions = False
    _send_all_to(handler, debug=debug)


def _send_all_to(handler: logging.Handler, *, debug: bool) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.DEBUG if debug else logging.INFO)
    # Its errors are ordinary events of a session (a cancelled order, a farm notice), which core reports itself.
    logging.getLogger("ib_async").setLevel(logging.WARNING)


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that nobody else can read."""

    def _open(self) -> TextIOWrapper:
        os.close(open_file(Path(self.baseFilename), os.O_APPEND | os.O_WRONLY))
        return super()._open()


class _Unformatted(logging.handlers.QueueHandler):
    """Hands records over as they are: the formatting, tracebacks included, is the listener's work."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Nothing to prepare: the queue stays in this process."""
        return record
