"""Identities that ibdesk mints: ULIDs, the journal's instance, order references."""

from __future__ import annotations

import os
import time

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TIME_CHARS = 10
_RANDOM_CHARS = 16
_ULID_CHARS = _TIME_CHARS + _RANDOM_CHARS
_INSTANCE_CHARS = 6
ORDER_REF_PREFIX = "ibd"


def _crockford(value: int, length: int) -> str:
    out = []
    for _ in range(length):
        value, digit = divmod(value, 32)
        out.append(_CROCKFORD[digit])
    return "".join(reversed(out))


def _random_bits(bits: int) -> int:
    """From the kernel's generator. The `secrets` module would give the same and cost a desk's start 19 ms."""
    octets = -(-bits // 8)
    return int.from_bytes(os.urandom(octets), "big") >> (octets * 8 - bits)


def mint_ulid() -> str:
    """A new ULID (26 characters of Crockford base 32): 48 bits of UTC milliseconds, then 80 random bits.

    Source: the ULID specification (github.com/ulid/spec). Not monotonic within one millisecond.
    """
    milliseconds = time.time_ns() // 1_000_000
    return _crockford(milliseconds, _TIME_CHARS) + _crockford(_random_bits(80), _RANDOM_CHARS)


def mint_instance() -> str:
    """A new instance name (6 characters), minted once with a journal; it tells one journal's orders from another's.

    It does not begin with an F: with digits behind it, it would be masked as the number of an adviser's account.
    """
    while (name := _crockford(_random_bits(30), _INSTANCE_CHARS)).startswith("F"):
        pass
    return name


def mint_order_ref(instance: str) -> str:
    """A new order reference `ibd-<instance>-<ULID>`: the identity of one order for its whole life, 37 characters."""
    return f"{ORDER_REF_PREFIX}-{instance}-{mint_ulid()}"


def derived_order_ref(instance: str, origin: str) -> str:
    """The order reference that belongs to something with an identity of its own: the same one whoever asks for it.

    `origin` says what that is (`intent/<intent_id>`). Nobody can choose it so that it meets another order's.
    """
    from hashlib import sha256

    digest = sha256(f"{instance}/{origin}".encode()).digest()[:16]
    return f"{ORDER_REF_PREFIX}-{instance}-{_crockford(int.from_bytes(digest, 'big'), _ULID_CHARS)}"


def instance_of(order_ref: str) -> str | None:
    """The instance in an order reference of ours, or None for text that another program or person wrote."""
    parts = order_ref.split("-")
    if len(parts) != 3 or parts[0] != ORDER_REF_PREFIX:
        return None
    _, instance, ulid = parts
    if len(instance) != _INSTANCE_CHARS or len(ulid) != _ULID_CHARS:
        return None
    return instance if all(c in _CROCKFORD for c in instance + ulid) else None
