"""No setting has a text that could drive a terminal, whatever it comes from; what is said of it is clean."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import load_settings, profile_path
from core.settings.risk_file import read_risk
from tests.hostile import CORPUS, unclean

HOSTILE = {kind: text for kind, text in CORPUS.items() if kind not in {"markup", "broken markup", "account"}}
IN_A_FILE = {kind: text for kind, text in HOSTILE.items() if kind != "surrogates"}
PAPER = {"profile": "paper"}


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the profile paper."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = profile_path("paper")
    path.parent.mkdir(parents=True)
    return path


def toml(text: str) -> str:
    """A basic string of TOML."""
    return '"' + "".join(char if char.isalnum() else f"\\U{ord(char):08X}" for char in text) + '"'


def refusal(arguments: dict[str, str], environment: dict[str, str] | None = None) -> str:
    """What a person is told."""
    with pytest.raises(ConfigError) as refused:
        load_settings(arguments, environment or {})
    assert unclean(str(refused.value)) == ""
    return str(refused.value)


@pytest.mark.parametrize("text", IN_A_FILE.values(), ids=IN_A_FILE)
@pytest.mark.parametrize("key", ["host", "gateway_restart", "watchlist", "limits.order_quantity", "nothing"])
def test_a_value_of_the_file(key: str, text: str, path: Path) -> None:
    table, _, name = key.rpartition(".")
    value = f'["AAPL", {toml(text)}]' if key == "watchlist" else toml(text)
    path.write_text((f"[{table}]\n" if table else "") + f"{name} = {value}\n")

    assert refusal(PAPER).startswith(f"{path}: {key} has control codes")


@pytest.mark.parametrize("text", IN_A_FILE.values(), ids=IN_A_FILE)
def test_a_value_of_the_risk_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "risk.toml"
    path.write_text(f"[permissions]\nsymbols = [{toml(text)}]\n")

    with pytest.raises(ConfigError) as refused:
        read_risk(path)
    assert str(refused.value).startswith(f"{path}: permissions.symbols has control codes")


def test_a_key_of_the_file(path: Path) -> None:
    path.write_text('[limits]\n"order\\u009b31m" = 3\n')

    assert refusal(PAPER).startswith(f"{path}: 'limits.order\\x9b31m' has control codes")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_variable(text: str, path: Path) -> None:
    assert not path.exists()
    assert refusal(PAPER, {"IBKR_HOST": text}).startswith("IBKR_HOST: has control codes")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_an_argument(text: str, path: Path) -> None:
    assert not path.exists()
    assert refusal({**PAPER, "host": text}).startswith("--host: has control codes")


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_name_of_the_profile(text: str) -> None:
    assert refusal({}, {"IBDESK_PROFILE": text}).startswith("Profile '")
