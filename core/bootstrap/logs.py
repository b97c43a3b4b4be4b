"""Logs of core: JSON lines in a file of the profile, account numbers masked, written by a thread of their own."""

from __future__ import annotations

import json
import logging
import logging.handlers
import os
import queue
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path

from core.private import open_file
from core.text import clean, clean_lines, mask_accounts

_MAX_BYTES = 10_000_000
_BACKUPS = 3


class JsonLines(logging.Formatter):
    """One JSON object a record."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line; text from outside is cleaned, accounts are masked."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": mask_accounts(clean(record.getMessage(), 4000)),
        }
        if record.exc_info:
            line["exception"] = _said(self.formatException(record.exc_info))
        if record.stack_info:
            line["stack"] = _said(record.stack_info)
        return json.dumps(line, ensure_ascii=False)


def _said(text: str) -> str:
    return mask_accounts(clean_lines(text))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating file that nobody else can read."""

    def _open(self) -> TextIOWrapper:
        os.close(open_file(Path(self.baseFilename), os.O_APPEND | os.O_WRONLY))
        return super()._open()


def start_logging(folder: Path, level: int = logging.INFO) -> logging.handlers.QueueListener:
    """Send every log record of this process to `folder/core.log`; returns the listener, to be stopped at the end."""
    handler = _PrivateFile(folder / "core.log", maxBytes=_MAX_BYTES, backupCount=_BACKUPS, encoding="utf-8")
    handler.setFormatter(JsonLines())
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    root = logging.getLogger()
    root.handlers = [_Unformatted(records)]
    root.setLevel(level)
    # Its errors are ordinary events of a session (a cancelled order, a farm notice), which core reports itself.
    logging.getLogger("ib_async").setLevel(logging.WARNING)
    listener = logging.handlers.QueueListener(records, handler)
    listener.start()
    return listener


class _Unformatted(logging.handlers.QueueHandler):
    """Hands records over as they are: the formatting, tracebacks included, is the listener's work."""

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Nothing to prepare: the queue stays in this process."""
        return record
