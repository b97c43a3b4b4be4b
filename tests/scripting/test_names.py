"""What scripts import from `core` itself."""

from __future__ import annotations

import pytest

import core


def test_every_name_is_there() -> None:
    assert all(getattr(core, name).__module__.startswith("core.") for name in core.__all__)


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'core' has no attribute 'Desks'"):
        getattr(core, "Desk" + "s")
