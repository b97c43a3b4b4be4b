"""`ibdesk config`: every file, every value with its source, every mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from core.settings import ENVIRONMENT
from tests.desk_home import DeskHome
from tui.options import cli

LOOK_RIGHT = "The settings of profile {} can be used."


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskHome]:
    """Folders of the test's own, and none of the variables of whoever runs it."""
    with DeskHome() as made:
        for name in ("CONFIG_HOME", "STATE_HOME", "RUNTIME_DIR"):
            monkeypatch.setenv(f"XDG_{name}", made.env[f"XDG_{name}"])
        for name in {"IBDESK_PROFILE", *(name for names in ENVIRONMENT.values() for name in names)}:
            monkeypatch.delenv(name, raising=False)
        yield made


def write(home: DeskHome, profile: str, text: str, mode: int = 0o600) -> Path:
    """Write a profile's file."""
    path = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/profiles" / f"{profile}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def config(*words: str) -> Result:
    """Run it."""
    return CliRunner().invoke(cli, ["config", *words])


def rows(result: Result) -> dict[str, list[str]]:
    """Each row of `show` by its key: the value and its source, blanks apart."""
    assert result.exit_code == 0, result.output
    return {line.split()[0]: line.split()[1:] for line in result.stdout.splitlines()}


def test_where_the_files_are(home: DeskHome) -> None:
    path = write(home, "mine", 'mode = "paper"\n')
    said = config("path", "--profile", "mine")
    found = dict(line.split("  ", 1) for line in said.stdout.splitlines())

    assert said.exit_code == 0
    assert found["profile"].strip() == str(path)
    state = Path(home.env["XDG_STATE_HOME"]) / "ibdesk/mine"
    assert [value.split()[0] for key, value in found.items() if key.strip() in {"journal", "log", "lock"}] == [
        str(state / name) for name in ("journal.db", "core.log", "core.lock")
    ]
    assert found["journal"].endswith("(none yet)")


@pytest.mark.covers("D1.7", "D3.5", "D4.7", "D0.1")
def test_every_value_with_its_source(home: DeskHome, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(home, "paper", 'account = "DU1234567"\nreadonly = true\n[limits]\norder_value = 25000.10\n')
    variables = {
        "IBKR_HOST": "10.0.0.1",
        "IB_GATEWAY_HOST": "10.0.0.1",
        "IB_GATEWAY_PORT": "4002",
        "IB_CLIENT_ID": "21",
        "IBKR_TIMEOUT_SECONDS": "30",
        "IBKR_RECONNECT_MAX_ATTEMPTS": "5",
        "IBKR_RECONNECT_BACKOFF_SECONDS": "2",
        "MAX_ORDER_SIZE": "1000",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = rows(config("show", "--port", "4012"))

    assert found["profile"] == ["paper", "a", "host", "or", "port", "from", "outside"]
    assert found["mode"] == ["paper", "the", "profile's", "name"]
    assert found["host"] == ["10.0.0.1", "IBKR_HOST"]
    assert found["port"] == ["4012", "--port"]
    assert found["client_id"] == ["21", "IB_CLIENT_ID"]
    assert found["timeout_seconds"] == ["30.0", "IBKR_TIMEOUT_SECONDS"]
    assert found["reconnect_max_attempts"] == ["5", "IBKR_RECONNECT_MAX_ATTEMPTS"]
    assert found["reconnect_backoff_seconds"] == ["2.0", "IBKR_RECONNECT_BACKOFF_SECONDS"]
    assert found["limits.order_quantity"] == ["1000", "MAX_ORDER_SIZE"]
    assert found["limits.order_value"] == ["25000.1", str(path)]
    assert found["account"] == ["DU…567", str(path)]
    assert found["readonly"] == ["true", str(path)]
    assert found["messages_per_second"] == ["45", "default"]


def test_defaults_are_said_as_what_they_come_to(home: DeskHome) -> None:
    found = rows(config("show"))

    assert found["profile"] == ["practice", "default"]
    assert found["port"] == ["a", "free", "one", "default"]
    assert found["account"] == ["the", "first", "that", "the", "gateway", "names", "default"]
    assert config("check").stdout.strip() == LOOK_RIGHT.format("practice")
    assert home.processes() == []


def test_every_mistake_is_named_with_the_nearest_right_key(home: DeskHome) -> None:
    path = write(home, "paper", "prot = 1\nclientid = 2\ntimeout_seconds = 0\n[limits]\norder_quantty = 5\n")
    said = config("check", "--profile", "paper")

    assert said.exit_code == 2
    assert said.stdout == ""
    assert set(said.stderr.splitlines()) == {
        f"{path}: there is no setting 'prot'; did you mean 'port'? Mend the file and start again.",
        f"{path}: there is no setting 'clientid'; did you mean 'client_id'? Mend the file and start again.",
        f"{path}: there is no setting 'limits.order_quantty'; did you mean 'order_quantity'? Mend the file and start "
        "again.",
        f"{path}: timeout_seconds = 0 can't be used: input should be greater than 0. Mend it and try again.",
    }
    assert set(config("show", "--profile", "paper").stderr.splitlines()) == set(said.stderr.splitlines())


def test_contradictions_and_open_files_are_warnings(home: DeskHome, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(home, "paper", 'account = "DU1234567"\n', 0o644)
    monkeypatch.setenv("IBKR_PORT", "7497")
    monkeypatch.setenv("IB_GATEWAY_PORT", "4002")
    said = config("check")

    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        "Warning: IBKR_PORT=7497 and IB_GATEWAY_PORT=4002 contradict each other; IBKR_PORT is used.",
        f"Warning: Others can read {path} (mode 0644). Make it yours: chmod 600 {path}.",
        LOOK_RIGHT.format("paper"),
    ]


def test_account_numbers_are_masked_in_every_complaint(home: DeskHome) -> None:
    write(home, "live", 'account = "U1234567"\nclient_id = "U7654321"\n', 0o644)
    said = config("check", "--profile", "live")

    assert said.exit_code == 2
    assert "7654321" not in said.output
    assert "U…321" in said.output


@pytest.mark.parametrize("word", ["path", "show", "check"])
def test_a_profile_that_is_none(home: DeskHome, word: str) -> None:
    said = config(word, "--profile", "../x")

    assert said.exit_code == 2
    assert said.stderr.startswith("Profile '../x' is no name")
    assert home.processes() == []


@pytest.mark.covers("D4.7")
def test_the_risk_file_is_found_shown_and_checked(home: DeskHome) -> None:
    path = Path(home.env["XDG_CONFIG_HOME"]) / "ibdesk/risk/paper.toml"
    path.parent.mkdir(parents=True)
    path.write_text("[limits]\norder_value = 500\n[symbols.TSLA]\norder_quantity = 5\n")
    path.chmod(0o644)
    said = config("check", "--profile", "paper")

    assert said.exit_code == 0
    assert f"Warning: Others can read {path} (mode 0644)" in said.stdout
    assert str(path) in config("path", "--profile", "paper").stdout
    found = rows(config("show", "--profile", "paper"))
    assert found["limits.order_value"] == ["500", str(path)]
    assert found["symbols.TSLA.order_quantity"] == ["5", str(path)]
    assert found["permissions.short"] == ["true", "default"]

    path.write_text("[limits]\norder_valu = 500\n")
    for words in ("check", "show"):
        said = config(words, "--profile", "paper")
        assert said.exit_code == 2
        assert "there is no setting 'limits.order_valu'; did you mean 'order_value'?" in said.stderr
