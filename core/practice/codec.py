"""Frames and field spellings of the TWS API text protocol.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 fields, each ended by NUL. The greeting of a
client (``API`` and NUL) is the one thing on the wire without a length.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

#: Length prefixes above this are garbage or an attack, never a request (a full placeOrder takes about 1 KiB).
MAX_FRAME = 256 * 1024

UNSET_INTEGER_TEXT = "2147483647"

#: The spelling that gateways use for an unset double; clients send ``e+308``, ``E308`` and ``e308`` too.
UNSET_DOUBLE_TEXT = "1.7976931348623157E308"

#: How clients spell an unset quantity or an unset long integer: the largest values of 32, 64 and 128 bits.
_UNSET_WHOLE = frozenset({UNSET_INTEGER_TEXT, str(2**63 - 1), str(-(2**63)), str(2**127 - 1)})

_LONG = 1 << 63
_HUGE = Decimal("1.7976931348623157e308")
_TRUE = frozenset({"1", "true", "True", "TRUE"})
_FALSE = frozenset({"", "0", "false", "False", "FALSE"})


class WireError(ValueError):
    """What a peer sent is not the protocol; the text says which part."""


def parse_integer(text: str) -> int | None:
    """Read an integer field: every spelling of unset is None; ``1.0`` reads as 1. Raises WireError on anything else."""
    if not text or text in _UNSET_WHOLE:
        return None
    try:
        number = int(text)
    except ValueError:
        value = parse_decimal(text)
        if value is None and Decimal(text) == _HUGE:
            return None
        if value is None or not value.is_finite() or value != value.to_integral_value():
            raise WireError(f"not an integer: {text[:40]!r}") from None
        number = int(value)
    if not -_LONG <= number < _LONG:
        raise WireError(f"not an integer of 64 bits: {text[:40]!r}")
    return number


def parse_decimal(text: str) -> Decimal | None:
    """Read a number field: every spelling of unset is None. Raises WireError on NaN or text."""
    if not text or text in _UNSET_WHOLE:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        if text == "Infinite":
            return Decimal("Infinity")
        raise WireError(f"not a number: {text[:40]!r}") from None
    if value.is_nan():
        raise WireError(f"not a number: {text[:40]!r}")
    return None if value.is_finite() and value.copy_abs() >= _HUGE else value


def parse_flag(text: str) -> bool:
    """Read a yes/no field: empty and unset are False. Raises WireError on text other than true and false."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return bool(parse_integer(text))


def decimal_text(value: Decimal) -> str:
    """Spell a number for the wire: no exponent, no trailing zeros, so that a size is ``100`` and never ``100.0``."""
    if not value.is_finite():
        return "Infinity" if value > 0 else "-Infinity"
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def ascii_text(text: str) -> str:
    r"""Spell what is no ASCII as ``\u00e9``, UTF-16 unit by unit, as gateways do in errors and long names.

    Clients undo these alone: of other escapes, such as ``\xe9``, some show the backslash.
    """
    if text.isascii():
        return text
    units = text.encode("utf-16-be", "surrogatepass")
    codes = (int.from_bytes(units[place : place + 2], "big") for place in range(0, len(units), 2))
    return "".join(chr(code) if code < 128 else f"\\u{code:04x}" for code in codes)


def frame(fields: str) -> bytes:
    """Put the length before one message, given as its fields, each already ended by NUL."""
    payload = fields.encode()
    return len(payload).to_bytes(4, "big") + payload


def message_id(fields: Sequence[str]) -> int:
    """Return the number that a message starts with, -1 if it is none."""
    word = fields[0] if fields else ""
    return int(word) if word.isdecimal() and len(word) < 10 else -1


class FrameBuffer:
    """Bytes of one peer turned into messages; holds at most one unfinished frame."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> None:
        """Add what the socket gave."""
        self._data += data

    def take_greeting(self) -> bool | None:
        """Take the client's unframed greeting: True if taken, None while bytes are missing.

        Raises WireError if something else stands there.
        """
        start = bytes(self._data[:4])
        if not b"API\0".startswith(start):
            raise WireError("the greeting is not API")
        if len(start) < 4:
            return None
        del self._data[:4]
        return True

    def take(self) -> list[list[str]]:
        """Take every whole frame, as lists of fields. Raises WireError on a length that no request has."""
        data = self._data
        position, found = 0, []
        while len(data) - position >= 4:
            length = int.from_bytes(data[position : position + 4], "big")
            if not 0 < length <= MAX_FRAME:
                raise WireError(f"frame of {length} bytes")
            end = position + 4 + length
            if end > len(data):
                break
            fields = data[position + 4 : end].decode(errors="backslashreplace").split("\0")
            if fields[-1] == "":
                fields.pop()
            found.append(fields)
            position = end
        del data[:position]
        return found
