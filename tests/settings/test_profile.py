"""Settings: which source wins, and what a person is told about a wrong one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter
from pathlib import Path

import pytest

from core.domain.connection import Endpoint, Mode
from core.domain.limits import Limits
from core.errors import ConfigError
from core.settings import (
    ENVIRONMENT,
    Settings,
    contradictions,
    exposed,
    judge,
    load_settings,
    profile_path,
    read_layers,
)

Write = Callable[[str, str], Path]

VALUES: dict[str, tuple[str, str, str, object]] = {
    "host": ("10.0.0.1", "10.0.0.2", '"10.0.0.3"', "127.0.0.1"),
    "port": ("5001", "5002", "5003", None),
    "client_id": ("21", "22", "23", 17),
    "account": ("DU111111", "DU222222", '"DU333333"', ""),
    "readonly": ("true", "false", "true", False),
    "records": ("true", "false", "true", True),
    "debug": ("true", "false", "true", False),
    "timeout_seconds": ("1.5", "2.5", "3.5", 10.0),
    "reconnect_max_attempts": ("3", "5", "7", 0),
    "reconnect_backoff_seconds": ("1", "5", "2.5", 0.5),
    "limits.order_quantity": ("10", "1000", "500", Decimal(10_000)),
    "limits.portfolio_risk": ("0.1", "0.05", "0.2", None),
}
"""Of each setting that has variables: an argument, a variable, a line of TOML, and the default."""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes a profile's file in a configuration folder of the test's own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    folder = tmp_path / "ibdesk" / "profiles"
    folder.mkdir(parents=True)

    def write_profile(profile: str, text: str) -> Path:
        path = folder / f"{profile}.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return write_profile


def problem(arguments: dict[str, str], environment: dict[str, str] | None = None) -> str:
    """What a person is told about settings that can't be used."""
    with pytest.raises(ConfigError) as refusal:
        load_settings(arguments, environment or {})
    return str(refusal.value)


@pytest.mark.usefixtures("write")
def test_alone_it_is_practice_and_never_live() -> None:
    settings = load_settings({}, {})

    assert (settings.profile, settings.mode, settings.endpoint) == (
        "practice",
        Mode.PRACTICE,
        Endpoint("127.0.0.1", 0),
    )
    assert settings.limits.limits() == Limits()
    assert len(settings.watchlist) >= 12
    assert settings.pace > 45


@pytest.mark.covers("D1.7", "D3.5", "D4.7")
@pytest.mark.parametrize("name", ENVIRONMENT)
def test_arguments_win_over_variables_over_the_file_over_defaults(name: str, write: Write) -> None:
    argument, variable, line, default = VALUES[name]
    variables = ENVIRONMENT[name]
    profile = {"profile": "paper"}

    def value(arguments: dict[str, str], environment: dict[str, str]) -> object:
        found: object = attrgetter(name)(load_settings(arguments | profile, environment))
        return found

    def as_read(text: str) -> object:
        given: object = text.strip('"')
        for part in reversed(name.split(".")):
            given = {part: given}
        found: object = attrgetter(name)(Settings.model_validate(given))
        return found

    assert value({}, {}) == default
    write("paper", f"{name} = {line}")
    assert value({}, {}) == as_read(line)
    for known in variables:
        assert value({}, {known: variable}) == as_read(variable)
    assert value({}, dict.fromkeys(variables, variable) | {variables[-1]: argument}) == (
        as_read(argument) if len(variables) == 1 else as_read(variable)
    )
    assert value({name: argument}, dict.fromkeys(variables, variable)) == as_read(argument)
    assert value({}, dict.fromkeys(variables, "")) == as_read(line)


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("arguments", "environment"),
    [({"port": "7497"}, {}), ({"host": "gate"}, {}), ({}, {"IBKR_PORT": "7497"}), ({}, {"IB_GATEWAY_HOST": "gate"})],
)
def test_an_endpoint_from_outside_means_paper(arguments: dict[str, str], environment: dict[str, str]) -> None:
    settings = load_settings(arguments, environment)

    assert (settings.profile, settings.mode) == ("paper", Mode.PAPER)
    assert settings.endpoint.port == 7497
    assert settings.pace == 45


def test_which_profile(write: Write) -> None:
    write("mine", 'mode = "paper"\nport = 4002\n')

    assert load_settings({"profile": "mine"}, {}).endpoint == Endpoint("127.0.0.1", 4002)
    assert load_settings({}, {"IBDESK_PROFILE": "mine"}).profile == "mine"
    assert load_settings({"profile": "paper"}, {"IBDESK_PROFILE": "mine"}).profile == "paper"


def test_live_is_said_by_its_file_alone(write: Write) -> None:
    path = profile_path("live")
    account = {"IBKR_ACCOUNT_ID": "U1234456"}

    assert problem({"profile": "live"}, account) == (
        f'There is no profile \'live\'. Write {path} with mode = "paper" (or "live", with its account), or use '
        "practice or paper."
    )
    assert problem({"profile": "paper", "mode": "live"}) == (
        "Whether a profile is live is written in its file alone. Choose it with --profile."
    )
    write("live", 'account = "U1234456"\n')
    settings = load_settings({"profile": "live"}, {})
    assert (settings.mode, settings.endpoint.port, settings.account) == (Mode.LIVE, 7496, "U1234456")


def test_a_file_needs_its_mode_unless_its_name_says_it(write: Write) -> None:
    write("mine", "port = 4002\n")

    assert problem({"profile": "mine"}).startswith("There is no profile 'mine'. Write ")


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize("profile", ["../paper", "a b", "a.b", "/", "p\n"])
def test_a_profile_is_a_plain_name(profile: str) -> None:
    assert problem({"profile": profile}) == (
        f"Profile {profile!r} is no name: use letters, digits, - and _, at most 40. Nothing was started."
    )


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("prot = 7497", "prot", "port"),
        ("clientid = 5", "clientid", "client_id"),
        ("[limits]\norder_quantty = 5", "limits.order_quantty", "order_quantity"),
        ("[practice]\nsede = 5", "practice.sede", "seed"),
        ("[limit]\norder_value = 5", "limit", "limits"),
    ],
)
def test_a_misspelt_key_names_file_key_and_the_nearest_right_one(
    text: str, key: str, nearest: str, write: Write
) -> None:
    path = write("paper", text)

    assert problem({"profile": "paper"}) == (
        f"{path}: there is no setting {key!r}; did you mean {nearest!r}? Mend the file and start again."
    )


def test_a_key_like_no_other(write: Write) -> None:
    path = write("paper", "zzzzzz = 1")

    assert problem({"profile": "paper"}) == (f"{path}: there is no setting 'zzzzzz'. Remove it and start again.")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("port", '"abc"'),
        ("port", "70000"),
        ("port", "-1"),
        ("client_id", "-1"),
        ("account", '"du 1"'),
        ("readonly", '"perhaps"'),
        ("timeout_seconds", "0"),
        ("timeout_seconds", "nan"),
        ("timeout_seconds", "inf"),
        ("messages_per_second", "3"),
        ("market_data_lines", "0"),
        ("mode", '"demo"'),
        ("watchlist", "5"),
    ],
)
def test_a_wrong_value_names_the_file_and_the_key(key: str, value: str, write: Write) -> None:
    path = write("paper", f"{key} = {value}")

    text = problem({"profile": "paper"})

    assert text.startswith(f"{path}: {key}")
    assert "can't be used" in text
    assert text.endswith("Mend it and try again.")


@pytest.mark.usefixtures("write")
@pytest.mark.parametrize(
    ("name", "variable"), [(name, variable) for name, known in ENVIRONMENT.items() for variable in known]
)
def test_a_wrong_variable_is_named(name: str, variable: str) -> None:
    if name == "host":
        # Any text may be a host; whether there is one shows when it is called.
        assert load_settings({}, {variable: "no such"}).host == "no such"
        return

    text = problem({"profile": "paper"}, {variable: "x y"})

    assert text.startswith(f"{variable}: {name} = 'x y' can't be used: ")


@pytest.mark.usefixtures("write")
def test_a_wrong_argument_is_named_as_it_was_typed() -> None:
    assert problem({"port": "abc"}).startswith("--port: port = 'abc' can't be used: ")
    assert problem({"client_id": "abc"}).startswith("--client-id: client_id = 'abc' can't be used: ")
    assert problem({"prot": "1"}).startswith("--prot: there is no setting 'prot'; did you mean 'port'?")


def test_a_file_that_is_no_toml(write: Write) -> None:
    path = write("paper", "port = \n")

    text = problem({"profile": "paper"})

    assert text.startswith(f"{path} is not valid TOML: ")
    assert "line 1" in text
    assert text.endswith("Mend the file and start again.")


def test_a_file_that_is_no_text(write: Write) -> None:
    path = write("paper", "")
    path.write_bytes(b"\xff\xfe\x00")

    assert problem({"profile": "paper"}).startswith(f"{path} is not valid TOML: ")


def test_a_file_that_can_not_be_read(write: Write) -> None:
    path = write("paper", "")
    path.unlink()
    path.mkdir(mode=stat.S_IRWXU)

    assert problem({"profile": "paper"}) == f"{path} can't be read: Is a directory. Check its owner and mode."


def test_only_practice_may_be_faster_than_ibkr_allows(write: Write) -> None:
    path = write("paper", "messages_per_second = 46")
    write("practice", "messages_per_second = 5000")

    assert problem({"profile": "paper"}) == (
        f"{path}: messages_per_second = 46 is above 45, which only practice may be. "
        "IBKR cuts a client that sends more. Lower it."
    )
    assert load_settings({}, {}).pace == 5000
    write("paper", "messages_per_second = 45")
    assert load_settings({"profile": "paper"}, {}).pace == 45


@pytest.mark.usefixtures("write")
def test_a_practice_gateway_runs_here() -> None:
    assert problem({"profile": "practice", "host": "gate"}) == (
        "A practice gateway runs on this machine, not on gate. Use the paper profile for a gateway elsewhere, or leave "
        "the host out."
    )


@pytest.mark.covers("D3.5")
def test_contradicting_variables_are_named() -> None:
    said = contradictions({"IBKR_PORT": "7497", "IB_GATEWAY_PORT": "4002", "IB_CLIENT_ID": "1", "IBKR_CLIENT_ID": "1"})

    assert said == ["IBKR_PORT=7497 and IB_GATEWAY_PORT=4002 contradict each other; IBKR_PORT is used."]
    assert contradictions({}) == []


LIVE = 'account = "U1234456"\nreadonly = true\n[limits]\norder_quantity = 500\n'


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o644])
def test_a_live_profile_that_others_can_read_is_refused(mode: int, write: Write) -> None:
    path = write("live", LIVE)
    path.chmod(mode)

    assert problem({"profile": "live"}) == (
        f"Others can {'change' if mode == 0o622 else 'read'} {path} (mode {mode:04o}). Make it yours: chmod 600 "
        f"{path}. Nothing was started."
    )


def test_any_other_profile_that_others_can_read_is_warned_of(write: Write) -> None:
    path = write("paper", 'account = "DU1234567"\n')
    assert exposed(read_layers({"profile": "paper"}, {})) == ""
    path.chmod(0o644)
    layers = read_layers({"profile": "paper"}, {})

    assert exposed(layers) == f"Others can read {path} (mode 0644). Make it yours: chmod 600 {path}."
    assert load_settings({"profile": "paper"}, {}).account == "DU1234567"
    path.unlink()
    assert exposed(read_layers({"profile": "paper"}, {})) == ""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file away")
def test_a_profile_of_another_user_is_refused_for_live(write: Write) -> None:
    path = write("live", LIVE)
    os.chown(path, 65534, 65534)

    assert problem({"profile": "live"}).startswith(f"{path} belongs to another user. Put a copy of your own")


@pytest.mark.covers("D5.3")
@pytest.mark.parametrize(
    ("arguments", "environment", "source"),
    [
        ({"account": "U9999999"}, {}, "--account"),
        ({}, {"IBKR_ACCOUNT_ID": "U9999999"}, "IBKR_ACCOUNT_ID"),
        ({"account": "DU1234567"}, {}, "--account"),
    ],
)
def test_a_live_account_is_pinned_in_the_file_alone(
    arguments: dict[str, str], environment: dict[str, str], source: str, write: Write
) -> None:
    path = write("live", LIVE)
    live = {"profile": "live"}
    told = (
        f"{source} names another account than the live profile pins ({path}): only the file says which account is "
        "traded live. Unset it, or change the file."
    )

    assert problem(live | arguments, environment) == told
    write("live", "limits = {}\n")
    assert problem(live | arguments, environment) == told
    path = write("live", LIVE)
    pinned = load_settings(live, {}).account
    assert load_settings(live, {"IBKR_ACCOUNT_ID": pinned}).account == pinned


def test_variables_only_tighten_a_live_profile(write: Write) -> None:
    path = write("live", LIVE)
    live = {"profile": "live"}

    assert load_settings(live, {"MAX_ORDER_SIZE": "100"}).limits.order_quantity == 100
    assert problem(live, {"MAX_ORDER_SIZE": "501"}) == (
        f"MAX_ORDER_SIZE=501 is above limits.order_quantity = 500 of a live profile ({path}): a variable may only "
        "tighten it. Unset it, or change the file."
    )
    assert problem(live, {"IBKR_READONLY": "false"}).startswith("IBKR_READONLY is off, but readonly = true stands")
    assert load_settings(live, {"IBKR_READONLY": "true"}).readonly


def test_every_reason_is_told_and_where_each_value_comes_from(write: Write) -> None:
    path = write("paper", 'prot = 1\nhots = "x"\nclient_id = "abc"\n')
    layers = read_layers({"profile": "paper", "timeout_seconds": "5"}, {"IBKR_PORT": "x"})
    settings, complaints = judge(layers)

    assert settings is None
    assert {complaint.partition(":")[0] for complaint in complaints} == {str(path), "IBKR_PORT"}
    assert len(complaints) == 4
    assert [layers.source(key) for key in ("timeout_seconds", "port", "client_id", "limits.order_value")] == [
        "--timeout-seconds",
        "IBKR_PORT",
        str(path),
        "default",
    ]


def test_the_gateways_restart_is_a_time_of_day(write: Write) -> None:
    write("paper", 'gateway_restart = "23:45 Europe/Vienna"\n')
    assert load_settings({"profile": "paper"}, {}).gateway_restart == "23:45 Europe/Vienna"

    path = write("paper", 'gateway_restart = "late"\n')
    assert problem({"profile": "paper"}).startswith(f"{path}: gateway_restart = 'late' can't be used: ")
