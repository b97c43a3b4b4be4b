"""What `ibdesk config` says, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel

from core.errors import ConfigError
from core.link.paths import lock_path, socket_path, state_root
from core.settings import Layers, Settings, configure, contradictions, exposed, exposed_risk, judge, risk_path
from core.text import mask_account

_NOT_SETTABLE = frozenset({"profile", "mode"})
"""Keys that the profile's name and file alone decide."""


class Report(NamedTuple):
    """Lines for standard output, and what keeps the desk from starting."""

    lines: list[str]
    wrong: list[str]
    figures: Mapping[str, object] = MappingProxyType({})
    """The lines for programs."""


def files(layers: Layers) -> Report:
    """Where the files of a profile are, those that don't exist yet too."""
    state = state_root() / layers.profile
    named = {
        "profile": layers.path,
        "risk file": risk_path(layers.profile),
        "journal": state / "journal.db",
        "log": state / "core.log",
        "practice account": state / "practice",
        "lock": lock_path(layers.profile),
        "socket": socket_path(layers.profile),
    }
    width = max(map(len, named))
    lines = [f"{name:<{width}}  {path}{'' if path.exists() else '  (none yet)'}" for name, path in named.items()]
    figures = {name: {"path": str(path), "exists": path.exists()} for name, path in named.items()}
    return Report(lines, [], {"files": figures})


def settings_shown(layers: Layers) -> Report:
    """Every setting with its value and its source; what is wrong if there are none."""
    settings, complaints = judge(layers)
    if settings is None:
        return Report([], complaints)
    rows = [("profile", settings.profile, layers.chosen_by), ("mode", settings.mode.value, _mode_source(layers))]
    try:
        configured = configure(layers, settings)
    except ConfigError as error:
        return Report([], [str(error)])
    rows += [
        (key, _shown(key, value, settings), layers.source(key))
        for key, value in _leaves(settings)
        if not key.startswith("limits.")
    ]
    rows += [
        (f"limits.{name}" if "." not in name else name, value, configured.sources[name])
        for name, value in configured.said.items()
    ]
    keys, values = (max(len(row[column]) for row in rows) for column in (0, 1))
    lines = [f"{key:<{keys}}  {value:<{values}}  {source}" for key, value, source in rows]
    return Report(lines, [], {"settings": {key: {"value": value, "source": source} for key, value, source in rows}})


def problems(layers: Layers) -> Report:
    """Everything that is wrong with a profile, and everything that is said in vain."""
    settings, complaints = judge(layers)
    warnings = contradictions(layers.environment)
    try:
        if settings is not None:
            configure(layers, settings)
    except ConfigError as error:
        complaints = [str(error)]
    for open_file in filter(None, (exposed(layers), exposed_risk(risk_path(layers.profile)))):
        if not any(line.startswith(open_file) for line in complaints):
            warnings.append(open_file)
    told = [f"Warning: {line}" for line in warnings]
    if not complaints:
        told.append(f"The settings of profile {layers.profile} can be used.")
    return Report(told, complaints, {"warnings": warnings})


def _mode_source(layers: Layers) -> str:
    return str(layers.path) if layers.stored is not None and "mode" in layers.stored else "the profile's name"


def _leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, object]]:
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{prefix}{name}.")
        elif prefix or name not in _NOT_SETTABLE:
            yield f"{prefix}{name}", value


def _shown(key: str, value: object, settings: Settings) -> str:
    match key, value:
        case "account", str(account):
            return mask_account(account) if account else "the first that the gateway names"
        case "port", None:
            return str(settings.endpoint.port) if settings.endpoint.port else "a free one"
        case "messages_per_second", None:
            return str(settings.pace)
        case _, bool(flag):
            return "true" if flag else "false"
        case _, Decimal():
            return f"{value:f}"
        case _, tuple():
            return " ".join(map(str, value))
        case _:
            return str(value)
