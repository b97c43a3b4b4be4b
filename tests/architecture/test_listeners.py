"""Nothing of ours listens beyond this machine."""

from __future__ import annotations

import ast

from tests.architecture.sources import PRODUCT, last_name, nodes

EVERYWHERE = {"0.0.0.0", "::", "[::]"}
LOOPBACK = "127.0.0.1"


def _loopback_names() -> set[str]:
    """Constants of the product whose value is the loopback address."""
    names: set[str] = set()
    for _, node in nodes(*PRODUCT):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=value)) if value == LOOPBACK:
                names.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=value)) if value == LOOPBACK:
                names.add(name)
    return {name for name in names if name.isupper()}


def test_no_wildcard_address_is_named() -> None:
    places = [
        f"{file}:{node.lineno}"
        for file, node in nodes(*PRODUCT)
        if isinstance(node, ast.Constant) and node.value in EVERYWHERE
    ]

    assert places == []


def _binds_loopback(server: ast.ClassDef, constants: set[str]) -> bool:
    """True if a server of the standard library hands an address with the loopback's name on to its base."""
    for node in ast.walk(server):
        match node:
            case ast.Call(func=ast.Attribute(attr="__init__"), args=[ast.Tuple(elts=[host, _]), *_]):
                return last_name(host) in constants
    return False


def test_every_tcp_listener_binds_loopback() -> None:
    constants = _loopback_names()
    hosts: dict[str, bool] = {}
    for file, node in nodes("core", "tui"):
        if not isinstance(node, ast.Call) or last_name(node.func) not in {"start_server", "create_server"}:
            continue
        keywords = {keyword.arg: keyword.value for keyword in node.keywords}
        host = keywords.get("host") or (node.args[1] if len(node.args) > 1 else None)
        literal = isinstance(host, ast.Constant) and host.value == LOOPBACK
        named = host is not None and last_name(host) in constants
        hosts[f"{file}:{node.lineno}"] = literal or named
    for file, node in nodes("core", "tui"):
        if isinstance(node, ast.ClassDef) and any("TCPServer" in ast.unparse(base) for base in node.bases):
            hosts[f"{file}:{node.lineno}"] = _binds_loopback(node, constants)

    assert len(hosts) > 1, "the practice gateway and the metrics listen somewhere"
    assert [place for place, bound in hosts.items() if not bound] == []
