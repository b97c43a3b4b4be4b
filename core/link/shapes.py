"""The types that travel, described as text, so that two builds can see whether they mean the same."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from enum import Enum

from msgspec import Struct

_MODULES = (
    "core.domain.account",
    "core.domain.alerts",
    "core.domain.authority",
    "core.domain.budgets",
    "core.domain.charts",
    "core.domain.commands",
    "core.domain.connection",
    "core.domain.denials",
    "core.domain.events",
    "core.domain.executions",
    "core.domain.instructions",
    "core.domain.instruments",
    "core.domain.limit_changes",
    "core.domain.metrics",
    "core.domain.money",
    "core.domain.orders",
    "core.domain.positions",
    "core.domain.quotes",
    "core.domain.reconciliation",
    "core.domain.sizes",
    "core.domain.streams",
    "core.domain.trading",
    "core.domain.what_ifs",
    "core.link.wire",
)
"""Where they are defined; `core.link.wire` imports them all."""


def describe() -> Iterator[str]:
    """One line for each struct (tag, fields with their annotations) and enumeration (members), in a fixed order.

    Annotations are read as they are written: resolving them would cost more than the start of a desk can spare.
    """
    for name in _MODULES:
        for key, value in sorted(vars(sys.modules[name]).items()):
            if not isinstance(value, type) or (value.__module__, value.__name__) != (name, key):
                continue
            if issubclass(value, Struct):
                config = value.__struct_config__
                fields = [f"{field}: {_annotation(value, field)}" for field in value.__struct_fields__]
                yield f"{name}.{key} {config.tag_field}={config.tag} {fields}"
            elif issubclass(value, Enum):
                yield f"{name}.{key} {[(member.name, member.value) for member in value]}"


def _annotation(struct: type, field: str) -> object:
    return next(
        base.__annotations__[field] for base in struct.__mro__ if field in vars(base).get("__annotations__", ())
    )
