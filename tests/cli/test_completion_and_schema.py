"""`ibdesk completion` in the shells that are here, and `ibdesk schema` as others read it."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from core.orderplane.contracts import json_schema
from tests.architecture.sources import ROOT
from tests.cli.ibdesk import PATIENCE, ibdesk
from tests.desk_home import DeskHome
from tui.options import cli


@pytest.fixture(scope="module")
def home() -> Iterator[DeskHome]:
    """A home in which nothing runs."""
    with DeskHome() as made:
        yield made


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_the_front_door(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell], prog_name="ibdesk")

    assert done.exit_code == 0
    assert f"_IBDESK_COMPLETE={shell}_complete" in done.stdout


@pytest.mark.parametrize(
    ("typed", "position", "offered"),
    [
        ("ibdesk o", 1, {"one-shot", "orders", "order-plane"}),
        ("ibdesk place --trail", 2, {"--trail", "--trail-percent"}),
        ("ibdesk --prof", 1, {"--profile"}),
    ],
)
def test_what_a_shell_is_offered(home: DeskHome, typed: str, position: int, offered: set[str]) -> None:
    asked = {"_IBDESK_COMPLETE": "bash_complete", "COMP_WORDS": typed, "COMP_CWORD": str(position)}

    done = ibdesk(home, env=asked)

    words = {line.partition(",")[2] for line in done.out.splitlines()}
    assert words
    assert words <= offered


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_by_its_script(home: DeskHome) -> None:
    (home.folder / "completion.bash").write_text(ibdesk(home, "completion", "bash").out)
    front_door = home.folder / "ibdesk"
    front_door.write_text(f'#!/bin/sh\nexec {sys.executable} -P -m tui "$@"\n')
    front_door.chmod(0o700)
    asked = (
        'source ./completion.bash; COMP_WORDS=(ibdesk po); COMP_CWORD=1; _ibdesk_completion ./ibdesk; echo "$COMPREPLY"'
    )

    done = subprocess.run(
        ["bash", "-c", asked],
        cwd=home.folder,
        env={**home.env, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.stdout == "positions\n", done.stderr


def test_a_schema_is_that_of_the_contract() -> None:
    one = CliRunner().invoke(cli, ["schema", "order_intent"])
    both = CliRunner().invoke(cli, ["schema"])

    assert json.loads(one.stdout) == json_schema("order_intent")
    assert json.loads(both.stdout).keys() == {"order_intent", "execution_report"}


def test_schemas_become_new_files_of_ones_own(tmp_path: Path) -> None:
    first = CliRunner().invoke(cli, ["schema", "--to", str(tmp_path)])
    again = CliRunner().invoke(cli, ["schema", "--to", str(tmp_path)])

    assert first.exit_code == 0
    assert json.loads((tmp_path / "execution_report.json").read_text()) == json_schema("execution_report")
    assert stat.S_IMODE((tmp_path / "order_intent.json").stat().st_mode) == 0o600
    assert again.exit_code == 2
    assert "can't be written" in again.stderr
