"""What is wrong with a value that a person wrote, and the nearest right key to one that there is not."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import get_args

from pydantic import BaseModel
from pydantic_core import ErrorDetails


def complaint(said: ErrorDetails, model: type[BaseModel], where: str) -> str:
    """One mistake in words; `where` is the file, variable or option that has it."""
    keys = [str(part) for part in said["loc"]]
    key = ".".join(keys)
    if said["type"] == "extra_forbidden":
        return f"{where}: there is no setting {key!r}{nearest(keys, model)}."
    return f"{where}: {key} = {said['input']!r} can't be used: {said['msg'].lower()}. Mend it and try again."


def nearest(keys: Sequence[str], model: type[BaseModel]) -> str:
    """What to do about the last of `keys`, which there is not, in words that continue a sentence."""
    at = model
    for key in keys[:-1]:
        at = _inner(at, key) or at
    close = difflib.get_close_matches(keys[-1], at.model_fields, n=1)
    return f"; did you mean {close[0]!r}? Mend the file and start again" if close else ". Remove it and start again"


def _inner(model: type[BaseModel], key: str) -> type[BaseModel] | None:
    """The model behind a key; behind that of a table by name the one that all its names have."""
    field = model.model_fields.get(key)
    if field is None:
        return None
    found = [part for part in (field.annotation, *get_args(field.annotation)) if isinstance(part, type)]
    return next((part for part in found if issubclass(part, BaseModel)), None)
