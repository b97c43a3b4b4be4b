"""What the gateway accepts in an order, and how it refuses the rest, in IBKR's codes and words."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.practice.instruments import Catalogue, Instrument
from core.practice.orders import LIMIT_TYPES, STOP_TYPES, Terms
from core.practice.tables import Record

ORDER_TYPES: Final = frozenset({"MKT", "LMT", "STP", "STP LMT"})
#: Types that TWS knows and this market does not trade.
KNOWN_TYPES: Final = frozenset(
    {"TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC", "LOC", "REL", "MIDPRICE", "MTL", "PEG MKT", "PEG MID", "PEG BEST"}
)
TIMES: Final = frozenset({"DAY", "GTC", "IOC", "FOK"})
_SPELLINGS: Final = {"MARKET": "MKT", "LIMIT": "LMT", "STOP": "STP", "STPLMT": "STP LMT", "STOP LIMIT": "STP LMT"}

NO_SECURITY: Final = "No security definition has been found for the request"
OFF_GRID: Final = "The price does not conform to the minimum price variation for this contract."


class RefusedError(Exception):
    """A request is refused with one of IBKR's codes."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def invalid(cause: str) -> RefusedError:
    """Return the refusal of a request whose fields make no sense."""
    return RefusedError(321, f"Error validating request.-'bW' : cause - {cause}")


def rejected(reason: str) -> RefusedError:
    """Return the refusal of an order that makes sense and may not trade."""
    return RefusedError(201, f"Order rejected - reason:{reason}")


def resolve(catalogue: Catalogue, contract: Record) -> Instrument:
    """Return the one instrument that is meant. Raises RefusedError 200 if there is none, or more than one."""
    found = catalogue.find(contract)
    if not found:
        raise RefusedError(200, NO_SECURITY)
    if len(found) > 1:
        name = contract.text("localSymbol") or contract.text("symbol")
        raise RefusedError(200, f"The contract description specified for {name} is ambiguous.")
    return found[0]


def read_terms(order: Record, instrument: Instrument) -> Terms:
    """Check what an order asks for. Raises RefusedError."""
    action = order.text("action")
    if action not in {"BUY", "SELL"}:
        raise invalid(f"Invalid side {action!r}" if action != "SSHORT" else "Side SSHORT is for institutions")
    order_type = _order_type(order)
    tif = order.text("tif") or "DAY"
    if tif not in TIMES:
        raise RefusedError(391, f"The time-in-force {tif} is invalid for this order.")
    return Terms(
        action=action,
        quantity=_quantity(order, instrument),
        order_type=order_type,
        limit=_price(order, "lmtPrice", instrument) if order_type in LIMIT_TYPES else None,
        stop=_price(order, "auxPrice", instrument) if order_type in STOP_TYPES else None,
        tif=tif,
    )


def _order_type(order: Record) -> str:
    given = order.text("orderType")
    order_type = _SPELLINGS.get(given, given)
    if order_type in KNOWN_TYPES:
        raise RefusedError(387, "Unsupported order type for this exchange and security type.")
    if order_type not in ORDER_TYPES:
        raise invalid("Invalid order type was entered")
    if order.integer("parentId"):
        raise rejected("attached orders are not traded by the practice gateway.")
    if order.text("ocaGroup"):
        raise rejected("OCA groups are not traded by the practice gateway.")
    if order.rows("conditions"):
        raise rejected("conditions are not traded by the practice gateway.")
    if order.text("algoStrategy"):
        raise RefusedError(439, "The order processing failed. Algorithm definition not found.")
    return order_type


def _quantity(order: Record, instrument: Instrument) -> int:
    quantity = order.number("totalQuantity")
    if quantity is None or quantity == 0:
        if order.number("cashQty"):
            raise RefusedError(10244, "Cash quantity cannot be used for this order.")
        raise RefusedError(434, "The order size cannot be zero.")
    if not quantity.is_finite() or quantity < 0:
        raise invalid("Order size must be positive")
    if quantity != quantity.to_integral_value():
        raise RefusedError(10243, "Fractional-sized order cannot be placed via API.")
    if quantity > Decimal(10) ** 12 or quantity % instrument.min_size:
        raise rejected(f"the order size does not conform to the contract {instrument.local_symbol}.")
    return int(quantity)


def _price(order: Record, name: str, instrument: Instrument) -> int:
    price = order.number(name)
    if price is None or (price == 0 and name == "lmtPrice"):
        raise invalid("Missing limit price" if name == "lmtPrice" else "Missing stop price")
    units = instrument.units(price) if price.is_finite() else None
    if units is None:
        raise RefusedError(110, OFF_GRID)
    return units
