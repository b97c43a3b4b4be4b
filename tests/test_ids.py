"""Identities: minted unique, sorted by time, told from other people's."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ids import instance_of, mint_instance, mint_order_ref, mint_ulid
from core.text import is_wire_safe

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def milliseconds_of(ulid: str) -> int:
    """The time in a ULID, decoded by the specification's alphabet."""
    value = 0
    for char in ulid[:10]:
        value = value * 32 + CROCKFORD.index(char)
    return value


def test_ulids_are_unique_and_carry_their_time() -> None:
    before = time.time_ns() // 1_000_000
    minted = [mint_ulid() for _ in range(1000)]
    after = time.time_ns() // 1_000_000

    assert len(set(minted)) == 1000
    assert all(len(ulid) == 26 and set(ulid) <= set(CROCKFORD) for ulid in minted)
    assert all(before <= milliseconds_of(ulid) <= after for ulid in minted)
    assert [ulid[:10] for ulid in minted] == sorted(ulid[:10] for ulid in minted)


def test_an_order_reference_names_its_journal_and_fits_the_wire() -> None:
    instance = mint_instance()
    order_ref = mint_order_ref(instance)

    assert instance_of(order_ref) == instance
    assert len(instance) == 6
    assert len(order_ref) == 37
    assert is_wire_safe(order_ref)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "ibd",
        "ibd--",
        "ibd-ABCDEF",
        "my order",
        "ext-5",
        "ibd-ABCDE-" + "0" * 26,
        "ibd-ABCDEF-" + "0" * 25,
        "ibd-ABCDEF-" + "U" * 26,
        "ibd-abcdef-" + "0" * 26,
        "IBD-ABCDEF-" + "0" * 26,
        "ibd-ABCDEF-" + "0" * 26 + "-1",
    ],
)
def test_other_peoples_references_are_nobodys(foreign: str) -> None:
    assert instance_of(foreign) is None


@given(st.text(max_size=50))
def test_no_text_breaks_the_reading(text: str) -> None:
    instance = instance_of(text)

    assert instance is None or text.startswith(f"ibd-{instance}-")
