"""How much of a fault is tried: in every run of the tests, for the table, and all of it for `--full`."""

from __future__ import annotations

import os

_FORMS = ("", "table", "full")
_FORM = _FORMS.index(os.environ.get("FAULTS", ""))

FULL = _FORM == 2
"""True tries everything that can be counted."""


def scaled(every_run: int, table: int, full: int) -> int:
    """A number of cases, or the step through them, for the form that the variable FAULTS asks for.

    Unset or empty is every run of the tests, `table` what `python -m tests.faults --table` does, `full` all of it.
    """
    return (every_run, table, full)[_FORM]
