"""What a process writes when an error ends it, or one of its threads: no values, no accounts, no control codes."""

from __future__ import annotations

import contextlib
import sys
import threading
from types import TracebackType

from core.text import masked_traceback


def install() -> None:
    """Take the place of Python's own reports of errors that nobody caught, for this whole process."""
    sys.excepthook = _end
    sys.unraisablehook = _unraisable
    threading.excepthook = _thread


def _end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _write(error)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    if found.exc_value is not None:
        _write(found.exc_value)


def _thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and not isinstance(found.exc_value, SystemExit):
        _write(found.exc_value)


def _write(error: BaseException) -> None:
    # Whoever started the process may have closed its standard error.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(masked_traceback(error) + "\n")
        sys.stderr.flush()
