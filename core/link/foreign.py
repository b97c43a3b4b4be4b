"""What other programs write into commands: text that could drive a terminal or hide is refused at the door."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import astuple

from core.domain.commands import Ack, Command, Denial, DenialCode
from core.text import is_clean


def refused(command: Command) -> Ack | None:
    """The refusal of a command that has such a text in it, however deep; None for every other."""
    field = _stained(command)
    if not field:
        return None
    text = (
        f"The command's {field} is longer than any text may be, or has control codes or characters that hide or turn "
        "text around. Nothing was done; give it another."
    )
    return Ack(ok=False, denied=Denial(code=DenialCode.BAD_COMMAND, message=text))


def _stained(value: Struct) -> str:
    """The first field with such a text, inner ones behind a dot; empty if there is none."""
    for name, held in zip(value.__struct_fields__, astuple(value), strict=True):
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, Struct) and (inner := _stained(one)):
                return f"{name}.{inner}"
            # Members of enumerations are ours.
            if type(one) is str and not is_clean(one):
                return name
    return ""
