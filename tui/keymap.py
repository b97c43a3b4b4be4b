"""From declared commands to Textual's bindings, and from keys to what a person reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.binding import Binding

from tui.commands import UserCommand

_SHOWN = {
    "slash": "/",
    "backslash": "\\",
    "question_mark": "?",
    "colon": ":",
    "semicolon": ";",
    "escape": "Esc",
    "enter": "⏎",
    "delete": "Del",
    "tab": "Tab",
    "space": "Space",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "backspace": "Backspace",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
}


def bindings(commands: Iterable[UserCommand]) -> list[Binding]:
    """Bindings with the commands' ids, for `App.set_keymap` to give them other keys; those without keys stay out."""
    return [
        Binding(command.keys, command.action, command.help, show=False, id=command.id, priority=command.everywhere)
        for command in commands
        if command.keys
    ]


def show_key(key: str) -> str:
    """A key as the key row writes it: `b`, `/`, `^Q`, `F4`, `Esc`."""
    if key.startswith("ctrl+"):
        return f"^{show_key(key.removeprefix('ctrl+')).upper()}"
    if key.startswith("shift+"):
        return f"Shift+{show_key(key.removeprefix('shift+'))}"
    return _SHOWN.get(key, key.upper() if key[:1] == "f" and key[1:].isdigit() else key)


def keys_of(command: UserCommand, keymap: Mapping[str, str]) -> tuple[str, ...]:
    """The keys that call a command now, as a person reads them; empty when it has none.

    `keymap` holds a user's own keys by command id, as given to `App.set_keymap`.
    """
    keys = keymap.get(command.id, command.keys)
    return tuple(show_key(key.strip()) for key in keys.split(",") if key.strip())


def footer(commands: Iterable[UserCommand], keymap: Mapping[str, str], *, wide: bool) -> list[tuple[str, str]]:
    """Pairs of keys and word for the key row; neighbours with the same word share one pair."""
    pairs: list[tuple[str, str]] = []
    for command in commands:
        keys = " ".join(keys_of(command, keymap))
        if not command.footer or not keys or (command.wide and not wide):
            continue
        if pairs and pairs[-1][1] == command.footer:
            pairs[-1] = (f"{pairs[-1][0]} {keys}", command.footer)
        else:
            pairs.append((keys, command.footer))
    return pairs
