"""The arguments that every widget hands on to Textual."""

from typing import TypedDict


class WidgetArguments(TypedDict, total=False):
    """Textual's own keyword arguments of a widget; each may be left out."""

    name: str | None
    """A name for the widget, which the desk does not use."""
    id: str | None
    """Names the widget in queries and style sheets; unique among its siblings."""
    classes: str | None
    """Style-sheet classes, separated by blanks."""
    disabled: bool
    """Whether the widget takes no focus and no input."""
