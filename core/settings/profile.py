"""Settings of a profile: arguments > environment > profile file > defaults.

A profile is a TOML file `profiles/NAME.toml` in the configuration folder. `practice` and `paper` need none. Whether
orders move real money (`mode`) is a matter of the profile alone: no argument and no variable can say so.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.clock import DailyMoment
from core.domain.connection import Endpoint, Mode
from core.domain.limit_table import loosens_text, text_of
from core.errors import ConfigError
from core.private import exposure
from core.settings.alerts import AlertSettings
from core.settings.complaints import complaint
from core.settings.limits import LimitSettings
from core.settings.metrics import MetricsSettings
from core.settings.stained import stained

ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "host": ("IBKR_HOST", "IB_GATEWAY_HOST"),
    "port": ("IBKR_PORT", "IB_GATEWAY_PORT"),
    "client_id": ("IBKR_CLIENT_ID", "IB_CLIENT_ID"),
    "account": ("IBKR_ACCOUNT_ID",),
    "readonly": ("IBKR_READONLY",),
    "records": ("IBDESK_RECORDS",),
    "debug": ("IBDESK_DEBUG",),
    "timeout_seconds": ("IBKR_TIMEOUT_SECONDS",),
    "reconnect_max_attempts": ("IBKR_RECONNECT_MAX_ATTEMPTS",),
    "reconnect_backoff_seconds": ("IBKR_RECONNECT_BACKOFF_SECONDS",),
    "limits.order_quantity": ("MAX_ORDER_SIZE",),
    "limits.portfolio_risk": ("MAX_PORTFOLIO_RISK",),
}
"""Which variables set which field, by its dotted key; of several that are set the first wins."""

LONGEST_NAME = 40
"""Characters of a profile's name: it is part of the names of files and of a socket."""
REPLAY = "replay"
"""The profile whose desks attach to `ibdesk replay`."""
_PROFILE_VARIABLE = "IBDESK_PROFILE"
_NEED_NO_FILE = (Mode.PRACTICE, Mode.PAPER)
_DEFAULT_PORTS = {Mode.PRACTICE: 0, Mode.PAPER: 7497, Mode.LIVE: 7496}
_MESSAGES_CAP = 45
_PRACTICE_MESSAGES = 1000
_WATCHLIST = ("AAPL", "TSLA", "SPY", "NVDA", "GME", "AMD", "PLTR", "META", "MSFT", "QQQ", "F", "GOOGL")

Port = Annotated[int, Field(ge=0, le=65535)]


class PracticeSettings(BaseModel):
    """The practice gateway that core starts."""

    model_config = ConfigDict(extra="forbid")

    seed: int = 1
    """Same seed, same market."""


class Settings(BaseSettings):
    """Everything that core reads from outside."""

    model_config = SettingsConfigDict(extra="forbid")

    profile: str = "practice"
    mode: Mode = Mode.PRACTICE
    """Only a profile file may say `live`."""
    host: str = "127.0.0.1"
    port: Port | None = None
    """None: TWS's port for the mode; for practice a free one."""
    client_id: int = Field(default=17, ge=0, le=32767)
    account: str = Field(default="", pattern=r"^[A-Z]*[0-9]*$")
    """The account that orders go to; empty takes the first that the gateway names. Live needs it."""
    readonly: bool = False
    """True sends no order and no cancel."""
    timeout_seconds: float = Field(default=10.0, gt=0, le=120)
    """For connecting and shaking hands."""
    reconnect_max_attempts: int = Field(default=0, ge=0)
    """Attempts one after another until a person has to ask for the next; 0 is without end."""
    reconnect_backoff_seconds: float = Field(default=0.5, gt=0, le=300)
    """Before the second attempt; each further pause is twice as long, up to 15 s or to this if it is longer."""
    gateway_restart: str = ""
    """When the gateway restarts every day (`23:45` in New York, or `23:45 Europe/Vienna`): no new order around it."""
    messages_per_second: int | None = Field(default=None, ge=10)
    """Frames to the gateway in any second; None takes the mode's default. Paper and live can't go above 45."""
    market_data_lines: int = Field(default=100, ge=1, le=10_000)
    """Instruments that can be quoted at a time: what the account has, other programs of the same login left out."""
    debug: bool = False
    """True logs every frame about orders, every command and every request too."""
    records: bool = True
    """Ledger and audit log are kept up to date in files while core runs, by a process of their own."""
    watchlist: tuple[str, ...] = _WATCHLIST
    """Symbols of a new profile's watchlist; later changes are kept in the journal."""
    limits: LimitSettings = LimitSettings()
    alerts: AlertSettings = AlertSettings()
    metrics: MetricsSettings = MetricsSettings()
    practice: PracticeSettings = PracticeSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments and the profile file come in as initial values; only our own variables are read besides."""
        return (init_settings,)

    @field_validator("gateway_restart")
    @classmethod
    def _time_of_day(cls, text: str) -> str:
        if text:
            DailyMoment(text)
        return text

    @property
    def endpoint(self) -> Endpoint:
        """Where the gateway is expected; port 0 for a practice gateway on a free port."""
        return Endpoint(self.host, _DEFAULT_PORTS[self.mode] if self.port is None else self.port)

    @property
    def pace(self) -> int:
        """Frames to the gateway in any second."""
        if self.messages_per_second is None:
            return _PRACTICE_MESSAGES if self.mode is Mode.PRACTICE else _MESSAGES_CAP
        return self.messages_per_second


class _Variables(PydanticBaseSettingsSource):
    """The environment variables of `ENVIRONMENT`, under the names of their fields."""

    def __init__(self, settings_cls: type[BaseSettings], environment: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environment = environment

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[str | None, str, bool]:
        """The first variable that is set for a field."""
        for variable in ENVIRONMENT.get(field_name, ()):
            if self._environment.get(variable):
                return self._environment[variable], field_name, False
        return None, field_name, False

    def __call__(self) -> dict[str, str]:
        """Every field that a variable sets, by its dotted key."""
        found: dict[str, str] = {}
        for name in ENVIRONMENT:
            value, key, _ = self.get_field_value(self.settings_cls.model_fields[name.partition(".")[0]], name)
            if value is not None:
                found[key] = value
        return found


class Layers(NamedTuple):
    """What each source says of a profile, by dotted key, before anything is judged."""

    profile: str
    chosen_by: str
    """What chose the profile, as a person knows it."""
    path: Path
    """The profile's file; it need not exist."""
    stored: Mapping[str, object] | None
    """What stands in it, as tables; None without a file."""
    variables: Mapping[str, str]
    arguments: Mapping[str, str]
    environment: Mapping[str, str]

    def source(self, key: str) -> str:
        """Where a dotted key has its value from, as a person knows it: `--port`, `IBKR_PORT`, a path, `default`."""
        if key in self.arguments:
            return f"--{key.replace('_', '-')}"
        if key in self.variables:
            return next(name for name in ENVIRONMENT[key] if self.environment.get(name))
        table: object = self.stored
        for part in key.split("."):
            if not isinstance(table, Mapping) or part not in table:
                return "default"
            table = table[part]
        return str(self.path)


def profile_path(profile: str) -> Path:
    """The file of a profile; it need not exist."""
    return Path(platformdirs.user_config_dir("ibdesk")) / "profiles" / f"{profile}.toml"


def load_settings(arguments: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the profile that arguments and environment choose.

    Without a profile named, `ibdesk` alone is practice, and a host or port from outside means a paper gateway there.
    Raises ConfigError that names the source, the key and, for a misspelt key, the nearest right one.
    """
    return settings_of(read_layers(arguments, environment))


def settings_of(layers: Layers) -> Settings:
    """The settings that the layers make. Raises ConfigError as `load_settings` does."""
    settings, complaints = judge(layers)
    if settings is None:
        raise ConfigError(complaints[0])
    return settings


def read_layers(arguments: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Layers:
    """What every source says. Raises ConfigError for a profile without a name or a file that can't be read."""
    environment = os.environ if environment is None else environment
    variables = _Variables(Settings, environment)()
    given = {key: value for key, value in arguments.items() if key != "profile"}
    outside = {"host", "port"} & {*variables, *given}
    profile, chosen_by = next(
        (name, source)
        for name, source in (
            (arguments.get("profile"), "--profile"),
            (environment.get(_PROFILE_VARIABLE), _PROFILE_VARIABLE),
            ("paper" if outside else None, "a host or port from outside"),
            ("practice", "default"),
        )
        if name
    )
    if len(profile) > LONGEST_NAME or not profile.replace("-", "").replace("_", "").isalnum():
        told = "is no name: use letters, digits, - and _, at most 40. Nothing was started."
        raise ConfigError(f"Profile {profile[: LONGEST_NAME + 1]!r} {told}")
    path = profile_path(profile)
    return Layers(profile, chosen_by, path, read_toml(path), variables, given, environment)


def judge(layers: Layers) -> tuple[Settings | None, list[str]]:
    """The settings that the layers make, or None and every reason why they make none."""
    given = {layers.source(key): text for key, text in {**layers.variables, **layers.arguments}.items()}
    if unshown := stained(layers.path, layers.stored or {}, given):
        return None, unshown
    merged = _merged(layers)
    if not merged["mode"]:
        return None, [
            f'There is no profile {layers.profile!r}. Write {layers.path} with mode = "paper" (or "live", with its '
            "account), or use practice or paper."
        ]
    if "mode" in layers.arguments:
        return None, ["Whether a profile is live is written in its file alone. Choose it with --profile."]
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        return None, [_complaint(said, layers) for said in error.errors()]
    complaints = [
        *_impossible(settings, layers.path),
        *_pinned_elsewhere(settings, layers),
        *_too_open(settings, layers),
        *_loosened(settings, layers),
    ]
    return (None, complaints) if complaints else (settings, [])


def contradictions(environment: Mapping[str, str]) -> list[str]:
    """What variables say in vain, in words: those that contradict the first of several."""
    found = []
    for variables in ENVIRONMENT.values():
        said = [(name, environment[name]) for name in variables if environment.get(name)]
        if len({value for _, value in said}) > 1:
            text = " and ".join(f"{name}={value}" for name, value in said)
            found.append(f"{text} contradict each other; {said[0][0]} is used.")
    return found


def exposed(layers: Layers) -> str:
    """A warning if others can read or change the profile's file; empty if all is well."""
    return "" if layers.stored is None else exposure(layers.path)


def _merged(layers: Layers) -> dict[str, object]:
    """One tree of values, the stronger source on top. `mode` is empty for a profile that nobody described."""
    merged: dict[str, object] = {
        key: dict(value) if isinstance(value, dict) else value for key, value in (layers.stored or {}).items()
    }
    named = _NEED_NO_FILE if layers.stored is None else tuple(Mode)
    merged.setdefault("mode", layers.profile if layers.profile in named else "")
    for key, value in {**layers.variables, **layers.arguments}.items():
        table, _, name = key.rpartition(".")
        inner = merged.setdefault(table, {}) if table else merged
        # A table that is none is complained of by itself.
        if isinstance(inner, dict):
            inner[name] = value
    return {**merged, "profile": layers.profile}


def read_toml(path: Path) -> dict[str, object] | None:
    """What a file says; None if there is none. Raises ConfigError if it can't be read."""
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Mend the file and start again.") from error
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}. Check its owner and mode.") from error


def _complaint(said: ErrorDetails, layers: Layers) -> str:
    source = layers.source(".".join(map(str, said["loc"])))
    return complaint(said, Settings, str(layers.path) if source == "default" else source)


def _impossible(settings: Settings, path: Path) -> list[str]:
    found = []
    if settings.mode is not Mode.PRACTICE and settings.pace > _MESSAGES_CAP:
        found.append(
            f"{path}: messages_per_second = {settings.pace} is above {_MESSAGES_CAP}, which only practice may be. "
            "IBKR cuts a client that sends more. Lower it."
        )
    if settings.mode is Mode.PRACTICE and settings.host != "127.0.0.1":
        found.append(
            f"A practice gateway runs on this machine, not on {settings.host}. Use the paper profile for a gateway "
            "elsewhere, or leave the host out."
        )
    return found


def _too_open(settings: Settings, layers: Layers) -> list[str]:
    """A live profile that others can read or change is refused; of any other profile it is a warning."""
    warning = exposed(layers) if settings.mode is Mode.LIVE else ""
    return [f"{warning} Nothing was started."] if warning else []


def _pinned_elsewhere(settings: Settings, layers: Layers) -> list[str]:
    """The account of a live profile is pinned in its file alone, where nothing that starts core can change it."""
    pinned = (layers.stored or {}).get("account", "")
    if settings.mode is not Mode.LIVE or settings.account == pinned:
        return []
    return [
        f"{layers.source('account')} names another account than the live profile pins ({layers.path}): only the file "
        "says which account is traded live. Unset it, or change the file."
    ]


def _loosened(settings: Settings, layers: Layers) -> list[str]:
    """Variables may only tighten a live profile."""
    stored = layers.stored or {}
    if settings.mode is not Mode.LIVE:
        return []
    found = []
    table = stored.get("limits")
    limits = LimitSettings.model_validate(table if isinstance(table, dict) else {})
    for field in ("order_quantity", "portfolio_risk"):
        limit, value = text_of(getattr(limits, field)), text_of(getattr(settings.limits, field))
        if f"limits.{field}" in layers.variables and loosens_text(field, limit, value):
            source = layers.source(f"limits.{field}")
            found.append(f"{source}={value} is above limits.{field} = {limit} of a live")
    if "readonly" in layers.variables and stored.get("readonly") is True and not settings.readonly:
        found.append(f"{layers.source('readonly')} is off, but readonly = true stands in a live")
    return [
        f"{text} profile ({layers.path}): a variable may only tighten it. Unset it, or change the file."
        for text in found
    ]
