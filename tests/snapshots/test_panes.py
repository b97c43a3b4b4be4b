"""Each pane by itself."""

from __future__ import annotations

from typing import Protocol

import pytest
from textual.app import App

from tests.snapshots.cases import PANES, pane_app, pane_runner


class SnapCompare(Protocol):
    """The fixture of pytest-textual-snapshot."""

    def __call__(self, app: App[None], *, terminal_size: tuple[int, int], run_before: object) -> bool: ...


@pytest.mark.covers("D5.6")
@pytest.mark.parametrize("name", PANES)
def test_pane(name: str, snap_compare: SnapCompare) -> None:
    case = PANES[name]

    assert snap_compare(pane_app(case), terminal_size=case.size, run_before=pane_runner(case))
