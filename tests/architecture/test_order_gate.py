"""One way out for an order: approvals, permits and the call itself, each in one place of the syntax tree."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.sources import PRODUCT, last_name, nodes

ORDER_FRAMES = {3, 4, 58}
"""Outgoing message ids that place, cancel or cancel all: only ib_async's own methods may write them."""

MINTED = {
    "Approved": "core/risk/controls.py",
    "Preview": "core/risk/controls.py",
    "ConnectPermit": "core/risk/live_guard.py",
}
"""A type that is a permission, and the one file that may construct it."""


def _calls(name: str) -> list[str]:
    return [
        f"{file}:{node.lineno}"
        for file, node in nodes("core", "tui")
        if isinstance(node, ast.Call) and last_name(node.func) == name
    ]


def _files(places: list[str]) -> set[str]:
    return {place.rpartition(":")[0] for place in places}


def test_place_order_is_called_once() -> None:
    places = _calls("placeOrder")

    assert len(places) == 1, places
    assert _files(places) == {"core/broker/orders.py"}


def test_place_order_is_never_named_as_text() -> None:
    named = [
        f"{file}:{node.lineno}"
        for file, node in nodes(*PRODUCT)
        if isinstance(node, ast.Constant) and node.value == "placeOrder" and not file.startswith("core/practice/")
    ]

    assert named == []


def test_order_frames_are_not_written_by_hand() -> None:
    written = [
        f"{file}:{node.lineno}"
        for file, node in nodes("core/broker")
        if isinstance(node, ast.Call)
        and last_name(node.func) in {"send", "sendMsg"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and node.args[0].value in ORDER_FRAMES
    ]

    assert written == []


@pytest.mark.parametrize("permission", MINTED)
def test_permission_is_constructed_in_one_file(permission: str) -> None:
    assert _files(_calls(permission)) == {MINTED[permission]}


@pytest.mark.parametrize("permission", MINTED)
def test_permission_is_not_forged(permission: str) -> None:
    forged = [
        f"{file}:{node.lineno}"
        for file, node in nodes("core", "tui")
        if isinstance(node, ast.Call)
        and (
            (last_name(node.func) in {"cast", "decode", "convert", "replace"} and permission in ast.unparse(node))
            or (last_name(node.func) == "__new__" and permission in ast.unparse(node))
        )
    ]

    assert forged == []


@pytest.mark.parametrize(
    ("file", "function", "permission"),
    [
        ("core/broker/orders.py", "place", "Approved"),
        ("core/broker/orders.py", "preview", "Preview"),
        ("core/broker/connection.py", "open", "ConnectPermit"),
    ],
)
def test_broker_takes_the_permission(file: str, function: str, permission: str) -> None:
    takes = [
        [ast.unparse(argument.annotation) for argument in node.args.args if argument.annotation is not None]
        for name, node in nodes("core/broker")
        if name == file and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == function
    ]

    assert takes, f"{file} has no function {function}"
    assert all(any(annotation.startswith(permission) for annotation in one) for one in takes), takes


def test_the_what_if_flag_is_written_once_and_checked_right_before_the_call() -> None:
    written = [
        file
        for file, node in nodes("core/broker")
        if isinstance(node, ast.Attribute) and node.attr == "whatIf" and isinstance(node.ctx, ast.Store)
    ]
    given = [
        file
        for file, node in nodes("core/broker")
        if isinstance(node, ast.keyword | ast.Constant)
        and "whatIf" in (getattr(node, "arg", ""), getattr(node, "value", ""))
    ]
    senders = [
        [ast.unparse(statement) for statement in node.body]
        for _, node in nodes("core/broker")
        if isinstance(node, ast.With) and "placeOrder" in ast.unparse(node)
    ]

    assert (written, given) == (["core/broker/orders.py"], [])
    assert senders == [["check_flag(order, token)", "self._writer.placeOrder(order_id, contract, order)"]]
