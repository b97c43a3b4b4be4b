"""The risk file of a profile, `risk/NAME.toml` in the configuration folder, and what it and the profile say together.

Where both say something of one limit, the tighter counts.
"""

from __future__ import annotations

import asyncio
import difflib
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import platformdirs
from pydantic import ValidationError

from core.domain.connection import Mode
from core.domain.limit_table import (
    ANY,
    DEFAULTS,
    LIMIT_FIELDS,
    NO_LIMIT,
    PERMISSION_FIELDS,
    Configured,
    LimitName,
    loosens_text,
    name_of,
    text_of,
    why_not_own,
)
from core.errors import ConfigError
from core.private import exposure
from core.settings.complaints import complaint
from core.settings.profile import Layers, Settings, read_layers, read_toml, settings_of
from core.settings.stained import stained
from core.settings.toml_edit import Value, write_value

AS_BEFORE = "default"
"""In the place of a value: whatever counts where the risk file says nothing."""


def risk_path(profile: str) -> Path:
    """The risk file of a profile; it need not exist."""
    return Path(platformdirs.user_config_dir("ibdesk")) / "risk" / f"{profile}.toml"


class RiskSaid(NamedTuple):
    """What a risk file says."""

    values: Mapping[str, str]
    """Limits and permissions by name."""
    presets: dict[str, tuple[str, ...]]


def read_risk(path: Path) -> RiskSaid:
    """What a risk file says; nothing if there is none. Raises ConfigError that names every mistake."""
    stored = read_toml(path)
    if stored is None:
        return RiskSaid({}, {})
    if unshown := stained(path, stored, {}):
        raise ConfigError(" ".join(unshown))
    # Imported where there is a file: a start without one has no time for it.
    from core.settings.risk_settings import RiskSettings

    try:
        risk = RiskSettings.model_validate(stored)
        return RiskSaid(risk.said(), risk.sizes())
    except ValidationError as error:
        raise ConfigError(" ".join(complaint(said, RiskSettings, str(path)) for said in error.errors())) from error


def exposed_risk(path: Path) -> str:
    """A warning if others can read or change a risk file; empty if all is well."""
    return exposure(path) if path.exists() else ""


def configure(layers: Layers, settings: Settings) -> Configured:
    """What counts by profile, variables and risk file together. Raises ConfigError if the risk file can't be used."""
    path = risk_path(layers.profile)
    open_file = exposed_risk(path) if settings.mode is Mode.LIVE else ""
    if open_file:
        raise ConfigError(f"{open_file} A live profile's limits are nobody else's. Nothing was changed.")
    risk = read_risk(path)
    said, sources = dict(DEFAULTS), dict.fromkeys(DEFAULTS, "default")
    for name, value in risk.values.items():
        said[name], sources[name] = value, str(path)
    for field, (value, source) in _of_profile(layers, settings).items():
        if sources[field] == "default" or loosens_text(field, value, said[field]):
            said[field], sources[field] = value, source
    return Configured(said=said, sources=sources, presets=risk.presets)


def _of_profile(layers: Layers, settings: Settings) -> dict[str, tuple[str, str]]:
    """Every limit that the profile or a variable says, with its source."""
    sources = {field: layers.source(f"limits.{field}") for field in LIMIT_FIELDS}
    return {
        field: (text_of(getattr(settings.limits, field)), source)
        for field, source in sources.items()
        if source != "default"
    }


class RiskFiles:
    """Reads them again whenever core is told to, and writes the risk file. Implements `LimitsSource` of execution."""

    def __init__(self, arguments: Mapping[str, str], environment: Mapping[str, str] | None = None) -> None:
        """As of `core.settings.load_settings`; the variables are those of now."""
        self._arguments = dict(arguments)
        self._environment = dict(os.environ if environment is None else environment)

    def read(self) -> Configured:
        """What counts now. Raises ConfigError."""
        layers = self._layers()
        return configure(layers, settings_of(layers))

    async def read_again(self) -> Configured:
        """The same without holding the loop. Raises ConfigError."""
        return await asyncio.to_thread(self.read)

    async def value(self, name: str, text: str) -> tuple[str, str | None]:
        """A name and a value as a person types them, as they stand in a table; a value of None takes one away.

        Raises ConfigError for a name that there is not, with the nearest one, for a value that it can't have, and
        where the profile or a variable keeps the limit tighter.
        """
        known = _known(name)
        if text.strip().lower() == AS_BEFORE:
            canonical = None if known.owner else DEFAULTS[known.text]
        else:
            canonical = _checked(known, text.strip())
        if known.table == "limits" and canonical is not None:
            await asyncio.to_thread(self._check_profile, known.field, canonical)
        return known.text, canonical

    async def write(self, name: str, value: str | None) -> None:
        """Have the risk file say it from now on. Raises ConfigError if it can't be written."""
        known = name_of(name)
        if known is None:
            raise ConfigError(f"There is no limit {name!r}.")
        table = [known.table, known.owner] if known.owner else [known.table]
        path = risk_path(self._layers().profile)
        await asyncio.to_thread(write_value, path, table, known.field, _as_toml(known.field, value))

    def _layers(self) -> Layers:
        return read_layers(self._arguments, self._environment)

    def _check_profile(self, field: str, value: str) -> None:
        layers = self._layers()
        said, source = _of_profile(layers, settings_of(layers)).get(field, (value, ""))
        if loosens_text(field, said, value):
            raise ConfigError(
                f"{field} = {said} stands in {source}, and of two the tighter counts. Nothing has changed. Change it "
                "there, then have it read (`ibdesk limits read`)."
            )


def _known(name: str) -> LimitName:
    """A name as a person types it. Raises ConfigError with the nearest one."""
    table, *rest = name.strip().split(".")
    table = table.lower()
    fields: tuple[str, ...] = (*LIMIT_FIELDS, *(f"permissions.{field}" for field in PERMISSION_FIELDS))
    if rest and table in {"symbols", "accounts"}:
        *owner, field = rest
        text = ".".join((table, *(part.upper() for part in owner), field.lower()))
        fields = tuple(
            ".".join((table, *(part.upper() for part in owner), one))
            for one in LIMIT_FIELDS
            if not why_not_own(table, one)
        )
        why = why_not_own(table, field.lower())
        if why:
            raise ConfigError(f"{text} {why}. Nothing has changed.")
    else:
        text = ".".join((table, *(part.lower() for part in rest)))
    known = name_of(text)
    if known is None:
        close = difflib.get_close_matches(text, fields, n=1)
        did = f" Did you mean {close[0]}?" if close else " `ibdesk limits` lists all."
        raise ConfigError(f"There is no limit {name!r}.{did} Nothing has changed.")
    return known


def _checked(name: LimitName, text: str) -> str:
    """A value in the form of a table. Raises ConfigError for one that the name can't have."""
    from core.settings.risk_settings import RiskSettings

    inner: object = {name.field: text}
    for key in filter(None, (name.owner, name.table)):
        inner = {key: inner}
    try:
        said = RiskSettings.model_validate(inner).said()
    except ValidationError as error:
        why = error.errors()[0]["msg"].removeprefix("Value error, ")
        hint = (
            f" Write it without commas: {text.replace(',', '')}." if "," in text and name.table != "permissions" else ""
        )
        raise ConfigError(f"{name.text} can't be {text!r}: {why[:1].lower()}{why[1:]}.{hint}") from error
    return said[name.text]


def _as_toml(field: str, value: str | None) -> Value:
    if value is None or (field in PERMISSION_FIELDS and value == ANY):
        return None
    if value in {"true", "false"}:
        return value == "true"
    if field in PERMISSION_FIELDS:
        return () if value == NO_LIMIT else tuple(value.split(", "))
    if value == NO_LIMIT:
        return value
    number = Decimal(value)
    return f"{(number * 100).normalize():f}%" if field == "portfolio_risk" else number
