"""Settings of a profile: arguments > environment > profile file > defaults.

A profile is a TOML file `profiles/NAME.toml` in the configuration folder. `practice` and `paper` need none. Whether
orders move real money (`mode`) is a matter of the profile alone: no argument and no variable can say so.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from core.domain.connection import Endpoint, Mode
from core.domain.limits import Limits
from core.errors import ConfigError

ENVIRONMENT: dict[str, tuple[str, ...]] = {
    "host": ("IBKR_HOST", "IB_GATEWAY_HOST"),
    "port": ("IBKR_PORT", "IB_GATEWAY_PORT"),
    "client_id": ("IBKR_CLIENT_ID", "IB_CLIENT_ID"),
    "account": ("IBKR_ACCOUNT_ID",),
    "readonly": ("IBKR_READONLY",),
    "timeout_seconds": ("IBKR_TIMEOUT_SECONDS",),
}
"""Which variables set which field; of several that are set the first wins."""

_PROFILE_VARIABLE = "IBDESK_PROFILE"
_NEED_NO_FILE = (Mode.PRACTICE, Mode.PAPER)
_DEFAULT_PORTS = {Mode.PRACTICE: 0, Mode.PAPER: 7497, Mode.LIVE: 7496}
_MESSAGES_CAP = 45
_PRACTICE_MESSAGES = 1000
_WATCHLIST = ("AAPL", "TSLA", "SPY", "NVDA", "GME", "AMD", "PLTR", "META", "MSFT", "QQQ", "F", "GOOGL")

Port = Annotated[int, Field(ge=0, le=65535)]


class LimitSettings(BaseModel):
    """Limits of one order; see `core.domain.limits.Limits`."""

    model_config = ConfigDict(extra="forbid")

    order_quantity: Decimal = Field(default=Limits().order_quantity, gt=0)
    order_value: Decimal = Field(default=Limits().order_value, gt=0)
    price_band_percent: Decimal = Field(default=Limits().price_band_percent, gt=0, le=100)

    def limits(self) -> Limits:
        """The same as the controls take them."""
        return Limits(
            order_quantity=self.order_quantity,
            order_value=self.order_value,
            price_band_percent=self.price_band_percent,
        )


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
    messages_per_second: int | None = Field(default=None, ge=10)
    """Frames to the gateway in any second; None takes the mode's default. Paper and live can't go above 45."""
    market_data_lines: int = Field(default=100, ge=1, le=10_000)
    """Instruments that can be quoted at a time: what the account has, other programs of the same login left out."""
    watchlist: tuple[str, ...] = _WATCHLIST
    """Symbols of a new profile's watchlist; later changes are kept in the journal."""
    limits: LimitSettings = LimitSettings()
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
        """Every field that a variable sets."""
        found: dict[str, str] = {}
        for name, field in self.settings_cls.model_fields.items():
            value, key, _ = self.get_field_value(field, name)
            if value is not None:
                found[key] = value
        return found


def profile_path(profile: str) -> Path:
    """The file of a profile; it need not exist."""
    return Path(platformdirs.user_config_dir("ibdesk")) / "profiles" / f"{profile}.toml"


def load_settings(arguments: Mapping[str, str], environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of the profile that arguments and environment choose.

    Without a profile named, `ibdesk` alone is practice, and a host or port from outside means a paper gateway there.
    Raises ConfigError that names the source, the key and, for a misspelt key, the nearest right one.
    """
    environment = os.environ if environment is None else environment
    variables = _Variables(Settings, environment)()
    given = {**variables, **{key: value for key, value in arguments.items() if key != "profile"}}
    outside = "host" in given or "port" in given
    profile = arguments.get("profile") or environment.get(_PROFILE_VARIABLE) or ("paper" if outside else "practice")
    if not profile.replace("-", "").replace("_", "").isalnum():
        raise ConfigError(f"Profile {profile!r} is no name: use letters, digits, - and _. Nothing was started.")
    path = profile_path(profile)
    found = _read(path)
    stored = {} if found is None else found
    named = _NEED_NO_FILE if found is None else tuple(Mode)
    stored.setdefault("mode", profile if profile in named else "")
    if not stored["mode"]:
        raise ConfigError(
            f'There is no profile {profile!r}. Write {path} with mode = "paper" (or "live", with its account), or use '
            "practice or paper."
        )
    _forbid(given)
    settings = _validate({**stored, **given, "profile": profile}, given, environment, path)
    return _checked(settings, path)


def contradictions(environment: Mapping[str, str]) -> list[str]:
    """Variables that say different things of one setting, in words; the first named wins."""
    found = []
    for variables in ENVIRONMENT.values():
        said = [(name, environment[name]) for name in variables if environment.get(name)]
        if len({value for _, value in said}) > 1:
            text = " and ".join(f"{name}={value}" for name, value in said)
            found.append(f"{text} contradict each other; {said[0][0]} is used.")
    return found


def _read(path: Path) -> dict[str, object] | None:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}. Mend the file and start again.") from error
    except OSError as error:
        raise ConfigError(f"{path} can't be read: {error.strerror}. Check its owner and mode.") from error


def _forbid(given: Mapping[str, str]) -> None:
    if "mode" in given:
        raise ConfigError("Whether a profile is live is written in its file alone. Choose it with --profile.")


def _validate(
    values: Mapping[str, object], given: Mapping[str, str], environment: Mapping[str, str], path: Path
) -> Settings:
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        keys = [str(part) for part in first["loc"]]
        where = _source(keys[0], given, environment, path)
        if first["type"] == "extra_forbidden":
            raise ConfigError(f"{where}: there is no setting {'.'.join(keys)!r}{_nearest(keys)}.") from None
        said = f"{'.'.join(keys)} = {first['input']!r} can't be used: {first['msg'].lower()}"
        raise ConfigError(f"{where}: {said}. Mend it and try again.") from None


def _source(key: str, given: Mapping[str, str], environment: Mapping[str, str], path: Path) -> str:
    if key not in given:
        return str(path)
    variable = next((name for name in ENVIRONMENT.get(key, ()) if environment.get(name) == given[key]), "")
    return variable or f"--{key.replace('_', '-')}"


def _nearest(keys: list[str]) -> str:
    model: type[BaseModel] = Settings
    for key in keys[:-1]:
        annotation = model.model_fields[key].annotation if key in model.model_fields else None
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            model = annotation
    close = difflib.get_close_matches(keys[-1], model.model_fields, n=1)
    return f"; did you mean {close[0]!r}? Mend the file and start again" if close else ". Remove it and start again"


def _checked(settings: Settings, path: Path) -> Settings:
    if settings.mode is not Mode.PRACTICE and settings.pace > _MESSAGES_CAP:
        raise ConfigError(
            f"{path}: messages_per_second = {settings.pace} is above {_MESSAGES_CAP}, which only practice may be. "
            "IBKR cuts a client that sends more. Lower it."
        )
    if settings.mode is Mode.PRACTICE and settings.host != "127.0.0.1":
        raise ConfigError(
            f"A practice gateway runs on this machine, not on {settings.host}. Use the paper profile for a gateway "
            "elsewhere, or leave the host out."
        )
    return settings
