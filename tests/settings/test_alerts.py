"""The alerts' part of a profile's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ConfigError
from core.settings import load_settings
from core.settings.alerts import AlertSettings, Bell


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the paper profile."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "ibdesk" / "profiles" / "paper.toml"
    path.parent.mkdir(parents=True)
    return path


def alerts(path: Path, text: str) -> AlertSettings:
    """What core reads of it."""
    path.write_text(f'mode = "paper"\n[alerts]\n{text}\n', encoding="utf-8")
    path.chmod(0o600)
    return load_settings({"profile": "paper"}, {}).alerts


def test_a_command_is_a_program_and_its_arguments(profile: Path) -> None:
    found = alerts(profile, 'command = ["notify-send", "--app-name=ibdesk"]\nbell = "alarm"\nmargin_percent = 0')

    assert found.command == ("notify-send", "--app-name=ibdesk")
    assert found.bell is Bell.ALARM
    assert found.margin_percent == 0
    assert alerts(profile, "") == AlertSettings()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('command = "notify-send ibdesk"', "alerts.command"),
        ('command = [""]', "alerts.command.0"),
        ('bell = "loud"', "alerts.bell"),
        ("cushion_percent = 100", "alerts.cushion_percent"),
        ("journal_ms = -1", "alerts.journal_ms"),
    ],
)
def test_what_can_not_be_used_is_named(profile: Path, text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        alerts(profile, text)


def test_a_misspelt_key_is_named_with_the_nearest(profile: Path) -> None:
    with pytest.raises(ConfigError, match=r"'alerts\.comand'; did you mean 'command'"):
        alerts(profile, 'comand = ["true"]')
