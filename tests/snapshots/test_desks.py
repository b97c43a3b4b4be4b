"""The whole desk, dark, light and without colour."""

from __future__ import annotations

import pytest

from tests.snapshots.cases import DESKS, MORE_DESKS, desk_app, desk_runner
from tests.snapshots.test_panes import SnapCompare


@pytest.mark.covers("D5.6")
@pytest.mark.parametrize("look", ["dark", "light", "no-color"])
@pytest.mark.parametrize("name", DESKS)
def test_desk(name: str, look: str, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch) -> None:
    if look == "no-color":
        monkeypatch.setenv("NO_COLOR", "1")
    case = DESKS[name]
    app = desk_app(case, "ibdesk-light" if look == "light" else "ibdesk-dark")

    assert snap_compare(app, terminal_size=case.size, run_before=desk_runner(case))


@pytest.mark.covers("D5.6")
@pytest.mark.parametrize("name", MORE_DESKS)
def test_desk_in_other_states(name: str, snap_compare: SnapCompare) -> None:
    case = MORE_DESKS[name]

    assert snap_compare(desk_app(case), terminal_size=case.size, run_before=desk_runner(case))
