"""`ibdesk` run as a person runs it: a process of its own, in a home of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.architecture.sources import ROOT
from tests.desk_home import DeskHome

PATIENCE = 30.0


class Done(NamedTuple):
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, object]:
        """What it said as JSON."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def order(self) -> dict[str, object]:
        """The order that it said as JSON."""
        found = self.figures["order"]
        assert isinstance(found, dict)
        return found

    def rows(self, name: str) -> list[dict[str, object]]:
        """The orders, positions or accounts that it said as JSON."""
        found = self.figures[name]
        assert isinstance(found, list)
        return found


def ibdesk(home: DeskHome, *words: str, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run the front door in the folder `cwd` (None: the home), with more variables."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tui", *words],
        env={**home.env, "PYTHONPATH": str(ROOT), **(env or {})},
        cwd=cwd or home.folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)
