"""What an import really loads, seen in clean interpreters: deferred imports escape the static graph."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable

import pytest

from tests.architecture.sources import ROOT, modules

HEAVY = frozenset({"ib_async", "eventkit", "nest_asyncio", "numpy", "pandas", "polars", "pyarrow"})
"""Top-level packages that belong to the process of core or to one late command."""

SCREEN = frozenset({"textual", "rich", "tui"})
SETTINGS = frozenset({"pydantic", "pydantic_settings", "pydantic_core"})


def loaded(names: Iterable[str]) -> set[str]:
    """The modules in `sys.modules` after a fresh interpreter imported `names`."""
    lines = [f"import {name}" for name in names]
    assert lines, "nothing to import: the room is empty"
    code = "\n".join([*lines, "import json, sys", "print(json.dumps(sorted(sys.modules)))"])
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=30
    )
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout.splitlines()[-1]))


def tops(names: set[str]) -> set[str]:
    """The top-level packages of `names`."""
    return {name.partition(".")[0] for name in names}


def core_rooms(names: set[str]) -> set[str]:
    """The rooms of core among `names`: `core.practice` for `core.practice.codec`; `core` itself apart."""
    return {".".join(name.split(".")[:2]) for name in names if name.startswith("core.")}


def test_core_itself_is_lazy() -> None:
    assert {name for name in loaded(["core"]) if name.startswith("core")} == {"core"}


@pytest.mark.parametrize(
    "room", ["core/domain", "core/api", "core/errors", "core/text", "core/ids", "core/clock", "core/ports"]
)
def test_what_the_screen_sees_of_core_is_light(room: str) -> None:
    names = modules(room) if (ROOT / room).is_dir() else [room.replace("/", ".")]

    assert not tops(loaded(names)) & (HEAVY | SCREEN | SETTINGS)


def test_no_module_of_core_loads_a_screen() -> None:
    assert not tops(loaded(modules("core"))) & SCREEN


def test_practice_gateway_is_a_stranger_to_core() -> None:
    seen = loaded(["core.practice.server", *modules("core/practice")])

    assert core_rooms(seen) == {"core.practice"}
    assert not tops(seen) & (HEAVY | SCREEN | SETTINGS)


def test_command_line_loads_neither_screen_nor_broker() -> None:
    seen = tops(loaded(["core.cli", "tui.cli"]))

    assert not seen & (HEAVY | (SCREEN - {"tui"}) | SETTINGS)


def test_widgets_load_no_core() -> None:
    seen = loaded(modules("tui/widgets"))

    assert "core" not in tops(seen)
    assert not tops(seen) & (HEAVY | SETTINGS)


def test_app_loads_no_settings_and_no_broker() -> None:
    seen = loaded(["tui.app"])

    assert not tops(seen) & (HEAVY | SETTINGS)
    assert not core_rooms(seen) & {"core.broker", "core.bootstrap", "core.journal", "core.practice"}
