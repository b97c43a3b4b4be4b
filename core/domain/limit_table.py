"""Limits and permissions by their names in the risk file, as one table that never changes: a change makes another.

A name is a field of `Limits` (`order_value`), that of one symbol or account (`symbols.AAPL.order_value`,
`accounts.DU123.order_value`), or a permission (`permissions.short`). A value is text: a number, `none` for no limit,
`true` or `false`, names with commas between them, `any` for a list that allows everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

import msgspec
from msgspec import Struct

from core.domain.limits import Limits
from core.domain.permissions import Permissions

LIMIT_FIELDS = Limits.__struct_fields__
PERMISSION_FIELDS = Permissions.__struct_fields__
LOWER_IS_LOOSER: frozenset[str] = frozenset({"walk_seconds", "duplicate_seconds", "breaker_seconds", "breaker_pause"})
"""Limits of which a lower number lets more through; of all others a higher one does."""
OF_PROFILE: frozenset[str] = frozenset({"breaker_failures", "breaker_seconds", "breaker_pause"})
"""Limits that count over all accounts together: neither an account nor a symbol has one of its own."""
OF_ACCOUNT: frozenset[str] = frozenset(
    {
        "open_orders",
        "unexecuted_value",
        "margin_percent",
        "portfolio_risk",
        "daily_loss",
        "day_orders",
        "day_trades",
        "day_value",
        "queue_seconds",
    }
)
"""Limits that count over all symbols together: an account may have one of its own, no symbol has."""
NOT_OWN: Mapping[str, frozenset[str]] = {"symbols": OF_ACCOUNT | OF_PROFILE, "accounts": OF_PROFILE}
"""What no single symbol, and no single account, has a limit of its own for."""
NO_LIMIT, ANY = "none", "any"


class LimitName(NamedTuple):
    """A name, taken apart."""

    table: str
    """`limits`, `symbols`, `accounts` or `permissions`."""
    owner: str
    """The symbol or the account; empty for the other two."""
    field: str

    @property
    def text(self) -> str:
        """As it is written."""
        return self.field if self.table == "limits" else ".".join(filter(None, self))


def name_of(text: str) -> LimitName | None:
    """A name taken apart; None for one that is none."""
    head, *middle = text.split(".")
    field = middle.pop() if middle else head
    owner = ".".join(middle)
    if "." not in text:
        return LimitName("limits", "", text) if text in LIMIT_FIELDS else None
    if head == "permissions":
        return LimitName(head, "", field) if not owner and field in PERMISSION_FIELDS else None
    if head not in NOT_OWN or not owner or field not in LIMIT_FIELDS or field in NOT_OWN[head]:
        return None
    return LimitName(head, owner, field)


def why_not_own(table: str, field: str) -> str:
    """Why nobody in `symbols` or `accounts` has `field` for himself, and where it stands; empty if one may."""
    if table not in NOT_OWN or field not in NOT_OWN[table]:
        return ""
    if field in OF_PROFILE:
        return "counts over all accounts together: put it under [limits]"
    return "counts over all symbols together: put it under [limits] or [accounts.…]"


def text_of(value: object) -> str:
    """A field's value as text, the same for equal values."""
    match value:
        case None:
            return NO_LIMIT
        case bool():
            return str(value).lower()
        case Decimal():
            return f"{value.normalize():f}"
        case str():
            return value
        case Iterable():
            return ", ".join(sorted(set(map(str, value)))) or NO_LIMIT
        case _:
            return str(value)


def texts_of(limits: Limits, permissions: Permissions | None = None) -> dict[str, str]:
    """Every limit and, if there are any, permission by name."""
    found = {field: text_of(getattr(limits, field)) for field in LIMIT_FIELDS}
    for field in PERMISSION_FIELDS if permissions is not None else ():
        value = getattr(permissions, field)
        found[f"permissions.{field}"] = ANY if value is None else text_of(value)
    return found


DEFAULTS: Mapping[str, str] = texts_of(Limits(), Permissions())
"""What counts where nobody says anything."""


def loosens_text(field: str, old: str, new: str) -> bool:
    """True if `new` lets something through that `old` does not; both are values of one field."""
    if old == new:
        return False
    if field == "short":
        return new == "true"
    if field in PERMISSION_FIELDS:
        before, after = set(_listed(old)), set(_listed(new))
        if field.startswith("forbidden"):
            return not before <= after
        return old != ANY and (new == ANY or not after <= before)
    if NO_LIMIT in (old, new):
        return new == NO_LIMIT
    if {old, new} == {"true", "false"}:
        # A limit that is a switch guards when it is on.
        return new == "false"
    return Decimal(new) < Decimal(old) if field in LOWER_IS_LOOSER else Decimal(new) > Decimal(old)


def tighter_text(field: str, one: str, other: str) -> str:
    """Of two values of one limit the one that lets less through."""
    return one if loosens_text(field, one, other) else other


class Configured(Struct, frozen=True, kw_only=True):
    """What the files and variables of a profile say together."""

    said: dict[str, str]
    """Every limit and permission by name, and what single symbols and accounts say."""
    sources: dict[str, str]
    """Where each comes from, as a person knows it: `default`, a variable, a path."""
    presets: dict[str, tuple[str, ...]]
    """Sizes 1 to 4 by symbol, or `default`."""


class LimitTable:
    """What is in force. What a symbol or an account says counts in place of the general; of both the tighter."""

    __slots__ = ("_known", "_owners", "general", "permissions", "said")

    def __init__(self, said: Mapping[str, str]) -> None:
        """`said` has values by name, those that `DEFAULTS` has apart as it likes; other names are left out."""
        self.said: dict[str, str] = dict(DEFAULTS)
        """Every limit and permission that counts for all, and what single symbols and accounts say."""
        self._owners: dict[str, dict[str, dict[str, str]]] = {"symbols": {}, "accounts": {}}
        for text in sorted(said):
            name = name_of(text)
            if name is None:
                continue
            self.said[text] = said[text]
            if name.owner:
                self._owners[name.table].setdefault(name.owner, {})[name.field] = said[text]
        self.general = _limits(self.texts("", ""))
        """The limits where neither symbol nor account says anything."""
        self.permissions = _permissions(self.said)
        self._known: dict[tuple[str, str], Limits] = {}

    def of(self, symbol: str, account: str) -> Limits:
        """The limits of an order; empty for a symbol or an account that doesn't matter."""
        symbols, accounts = self._owners["symbols"], self._owners["accounts"]
        key = symbol if symbol in symbols else "", account if account in accounts else ""
        if key not in self._known:
            self._known[key] = _limits(self.texts(*key))
        return self._known[key]

    @property
    def symbols(self) -> frozenset[str]:
        """Those that have limits of their own."""
        return frozenset(self._owners["symbols"])

    @property
    def accounts(self) -> frozenset[str]:
        """Those that have limits of their own."""
        return frozenset(self._owners["accounts"])

    def texts(self, symbol: str, account: str) -> dict[str, str]:
        """Every limit of an order by its field, as text."""
        own = self._own(symbol, account)
        return {field: own.get(field, self.said[field]) for field in LIMIT_FIELDS}

    def changed(self, name: str, value: str | None) -> LimitTable:
        """A table in which `name` has another value; None takes it away, so that the general one or default counts."""
        said = {key: text for key, text in self.said.items() if key != name}
        return LimitTable(said if value is None else {**said, name: value})

    def _own(self, symbol: str, account: str) -> dict[str, str]:
        of_symbol = self._owners["symbols"].get(symbol, {})
        of_account = self._owners["accounts"].get(account, {})
        both = {
            field: tighter_text(field, of_symbol[field], of_account[field]) for field in of_symbol.keys() & of_account
        }
        return {**of_symbol, **of_account, **both}


def _limits(texts: Mapping[str, str]) -> Limits:
    values = {field: None if text == NO_LIMIT else text for field, text in texts.items()}
    return msgspec.convert(values, Limits, strict=False)


def _permissions(said: Mapping[str, str]) -> Permissions:
    values: dict[str, object] = {}
    for field in PERMISSION_FIELDS:
        text = said[f"permissions.{field}"]
        if field == "short":
            values[field] = text == "true"
        else:
            values[field] = None if text == ANY else _listed(text)
    return msgspec.convert(values, Permissions)


def _listed(text: str) -> tuple[str, ...]:
    return () if text == NO_LIMIT else tuple(text.split(", "))
