"""What may stand in a risk file, each table checked by itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from core.domain.limit_table import ANY, NO_LIMIT, text_of, why_not_own
from core.domain.permissions import Permissions
from core.domain.sizes import SizeKind, size_of
from core.settings.limits import LimitSettings


def _names(value: object) -> object:
    """A list, or a text with commas as a person types it."""
    if isinstance(value, str):
        return [] if value.strip() == NO_LIMIT else [part for part in value.split(",") if part.strip()]
    return value


def _names_or_any(value: object) -> object:
    return None if value == ANY else _names(value)


def _capitals(names: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(sorted({name.strip().upper() for name in names}))


def _size(text: str) -> str:
    size = size_of(text)
    if size is None or size.kind is SizeKind.POSITION:
        raise ValueError('a size is "100", "$10k", "25%bp", "$200r" or "0.5%r"')
    return text.strip().lower()


_PRESETS = 4
_Name = Annotated[str, Field(pattern=r"^[ -~]*\S[ -~]*$", max_length=40)]
Allowed = Annotated[tuple[_Name, ...] | None, BeforeValidator(_names_or_any), AfterValidator(_capitals)]
Forbidden = Annotated[tuple[_Name, ...], BeforeValidator(_names), AfterValidator(_capitals)]
Size = Annotated[str, BeforeValidator(str), AfterValidator(_size)]
Symbol = Annotated[str, BeforeValidator(str.upper), Field(pattern=r"^[A-Z0-9][A-Z0-9 ./&-]{0,20}$")]
Account = Annotated[str, BeforeValidator(str.upper), Field(pattern=r"^[A-Z]+[0-9]+[A-Z]?$")]


class PermissionSettings(BaseModel):
    """See `core.domain.permissions.Permissions`."""

    model_config = ConfigDict(extra="forbid")

    allowed_symbols: Allowed = None
    forbidden_symbols: Forbidden = ()
    allowed_sec_types: Allowed = None
    forbidden_sec_types: Forbidden = ()
    allowed_exchanges: Allowed = None
    forbidden_exchanges: Forbidden = ()
    allowed_currencies: Allowed = None
    forbidden_currencies: Forbidden = ()
    allowed_accounts: Allowed = None
    forbidden_accounts: Forbidden = ()
    short: bool = True

    def permissions(self) -> Permissions:
        """The same as the controls take them."""
        return Permissions(**{name: getattr(self, name) for name in Permissions.__struct_fields__})


class RiskSettings(BaseModel):
    """A whole risk file. A symbol or an account says what counts for it in place of [limits]; of both the tighter."""

    model_config = ConfigDict(extra="forbid")

    limits: LimitSettings = LimitSettings()
    symbols: dict[Symbol, LimitSettings] = {}
    accounts: dict[Account, LimitSettings] = {}
    permissions: PermissionSettings = PermissionSettings()
    presets: dict[str, Annotated[list[Size], Field(min_length=_PRESETS, max_length=_PRESETS)]] = {}
    """Sizes 1 to 4 by symbol; `default` for all that have none of their own."""

    @model_validator(mode="after")
    def _whole_accounts(self) -> RiskSettings:
        for table, owners in (("symbols", self.symbols), ("accounts", self.accounts)):
            for owner, limits in owners.items():
                for field in sorted(limits.model_fields_set):
                    why = why_not_own(table, field)
                    if why:
                        raise ValueError(f"{table}.{owner}.{field} {why}")
        return self

    def said(self) -> dict[str, str]:
        """Every value that stands in the file, by its name."""
        tables: list[tuple[str, BaseModel]] = [("", self.limits), ("permissions.", self.permissions)]
        tables += [(f"symbols.{symbol}.", limits) for symbol, limits in self.symbols.items()]
        tables += [(f"accounts.{account}.", limits) for account, limits in self.accounts.items()]
        found = {}
        for prefix, table in tables:
            for field in sorted(table.model_fields_set):
                value = getattr(table, field)
                any_name = value is None and prefix == "permissions."
                found[f"{prefix}{field}"] = ANY if any_name else text_of(value)
        return found

    def sizes(self) -> dict[str, tuple[str, ...]]:
        """The presets, by symbol or `default`."""
        return {symbol: tuple(sizes) for symbol, sizes in self.presets.items()}
