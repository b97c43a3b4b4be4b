"""Themes: the colours that the desk knows by name, and the files that set them."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from textual.color import Color, ColorParseError
from textual.theme import Theme

from tui.widgets.columns import CellStyle

DEFAULT_THEME = "ibdesk-dark"
"""Name of the theme the desk starts with."""

DOMAIN_COLORS: dict[str, tuple[str, str]] = {
    "quote-up": ("#4ade80", "#146b1a"),
    "quote-down": ("#ff8fb8", "#9c0f4f"),
    "side-buy": ("#6cb0f5", "#0b57a4"),
    "side-sell": ("#f5a15c", "#924400"),
    "order-working": ("#d9dfe7", "#1b222b"),
    "order-partial": ("#ffffff", "#000000"),
    "order-pending": ("#b7c3d2", "#3f4b59"),
    "order-held": ("#f2d24b", "#6e5300"),
    "order-unknown": ("#f09bff", "#8a1fa0"),
    "order-filled": ("#d9dfe7", "#1b222b"),
    "order-ended": ("#9aa7b7", "#505a66"),
    "order-external": ("#a9b8ca", "#465565"),
    "stale": ("#929fb0", "#545e6a"),
    "attention": ("#f2d24b", "#6e5300"),
    "refusal": ("#ff6464", "#b3201a"),
    "mode-live": ("#ff6464", "#b3201a"),
    "mode-live-text": ("#1a0000", "#ffffff"),
    "mode-paper": ("#f0b429", "#7a5200"),
    "mode-paper-text": ("#1a1200", "#ffffff"),
    "mode-practice": ("#3fc9bc", "#0a5f58"),
    "mode-practice-text": ("#001a17", "#ffffff"),
}
"""Every colour of the desk's own by variable name: on a dark background, on a light one.

`mode-*` is the colour of the mode's row and of texts that name the mode, `mode-*-text` what is written on that row.
"""

DOMAIN_DEFAULTS: dict[str, str] = {name: pair[0] for name, pair in DOMAIN_COLORS.items()}
"""The desk's own colours on a dark background."""

CELL_STYLES: dict[str, CellStyle] = {
    "up": CellStyle("quote-up"),
    "down": CellStyle("quote-down"),
    "buy": CellStyle("side-buy"),
    "sell": CellStyle("side-sell"),
    "working": CellStyle("order-working"),
    "partial": CellStyle("order-partial", bold=True),
    "pending": CellStyle("order-pending", italic=True),
    "held": CellStyle("order-held", bold=True),
    "unknown": CellStyle("order-unknown", bold=True, reverse=True),
    "filled": CellStyle("order-filled"),
    "ended": CellStyle("order-ended"),
    "external": CellStyle("order-external"),
    "stale": CellStyle("stale"),
    "muted": CellStyle("text-muted"),
    "strong": CellStyle(bold=True),
    "attention": CellStyle("attention", bold=True),
    "refusal": CellStyle("refusal", bold=True),
    "live": CellStyle("mode-live", bold=True, reverse=True),
    "paper": CellStyle("mode-paper", bold=True),
    "practice": CellStyle("mode-practice"),
}
"""The cell styles that the panes share. Bold, italic and reverse tell them apart where there is no colour."""

COLOR_KEYS = (
    "primary",
    "secondary",
    "accent",
    "success",
    "warning",
    "error",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
KEYS = ("name", "dark", *COLOR_KEYS, "variables")
TEXT_STYLES = frozenset({"none", "not", "bold", "dim", "italic", "reverse", "strike", "underline"})


class ThemeError(Exception):
    """A theme file that can't be used."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path = path
        """The file, as the trader can find it."""
        self.reason = reason
        """What is wrong with it, naming the key."""

    def __str__(self) -> str:
        return f"Theme {self.path} is left out: {self.reason}"


class ThemeLoadResult(NamedTuple):
    """What loading the themes came to."""

    loaded: tuple[Theme, ...]
    """Usable themes, those that come with the desk first; each name once."""
    failed: tuple[ThemeError, ...]
    """Files that were left out, with the reason."""


def domain_defaults(dark: bool) -> dict[str, str]:
    """Return the desk's own colours for a theme that does not set them, as `App.get_theme_variable_defaults` wants.

    Args:
        dark: Whether the theme in use has a dark background.
    """
    return {name: pair[0 if dark else 1] for name, pair in DOMAIN_COLORS.items()}


def load_themes(user_dir: Path | None) -> ThemeLoadResult:
    """Load the themes that come with the desk, then the trader's own.

    A file that can't be used is reported and left out; it never stops the desk.

    Args:
        user_dir: Folder of the trader's `*.toml` files; None, or a folder that does not exist, means none.
            A theme here with the name of one that comes with the desk takes its place.
    """
    failed: list[ThemeError] = []
    themes = _load_folder(resources.files("themes"), "", failed)
    if user_dir is not None:
        themes |= _load_folder(user_dir, f"{user_dir}/", failed)
    return ThemeLoadResult(tuple(themes.values()), tuple(failed))


def parse_theme(text: str, path: str) -> Theme:
    """Build a theme from the text of its file.

    Args:
        text: TOML.
        path: Names the file in errors.

    Raises:
        ThemeError: The text is not TOML, a key is unknown or missing, or a value is not what it must be.
    """
    try:
        data: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ThemeError(path, f"it is not TOML: {error}.") from error
    for key in data:
        if key not in KEYS:
            raise ThemeError(path, _unknown(key, KEYS))
    name = data.get("name")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ThemeError(path, 'name must be given in lower-case letters, digits and hyphens: name = "my-theme".')
    dark = data.get("dark", True)
    if not isinstance(dark, bool):
        raise ThemeError(path, "dark must be true or false.")
    if "primary" not in data:
        raise ThemeError(path, 'primary is missing; it is the one colour a theme must set: primary = "#6cb0f5".')
    colors = {key: _color(path, key, data[key]) for key in COLOR_KEYS if key in data}
    variables = data.get("variables", {})
    if not isinstance(variables, dict):
        raise ThemeError(path, "variables must be a table: [variables].")
    theme = Theme(
        name=name,
        dark=dark,
        primary=colors["primary"],
        secondary=colors.get("secondary"),
        accent=colors.get("accent"),
        success=colors.get("success"),
        warning=colors.get("warning"),
        error=colors.get("error"),
        foreground=colors.get("foreground"),
        background=colors.get("background"),
        surface=colors.get("surface"),
        panel=colors.get("panel"),
        boost=colors.get("boost"),
    )
    theme.variables = _variables(path, variables, theme)
    return theme


def _load_folder(folder: Traversable, prefix: str, failed: list[ThemeError]) -> dict[str, Theme]:
    """Load the usable themes of a folder by name, in the order of their file names; collect the others' errors."""
    themes: dict[str, Theme] = {}
    try:
        files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    except FileNotFoundError:
        return {}
    except OSError as error:
        failed.append(ThemeError(prefix, f"the folder can't be read ({error.strerror})."))
        return {}
    for file in files:
        path = prefix + file.name
        try:
            theme = parse_theme(file.read_text(encoding="utf-8"), path)
            if theme.name in themes:
                raise ThemeError(path, f"another file of this folder is already named {theme.name}.")
            themes[theme.name] = theme
        except ThemeError as error:
            failed.append(error)
        except (OSError, UnicodeDecodeError) as error:
            failed.append(ThemeError(path, f"it can't be read: {error}."))
    return themes


def _variables(path: str, values: Mapping[str, object], theme: Theme) -> dict[str, str]:
    variables: dict[str, str] = {}
    stock: dict[str, str] | None = None
    for key, value in values.items():
        if key not in DOMAIN_COLORS:
            stock = theme.to_color_system().generate() if stock is None else stock
            if key not in stock:
                raise ThemeError(path, _unknown(key, (*DOMAIN_COLORS, *stock)))
        variables[key] = _text_style(path, key, value) if key.endswith("-style") else _color(path, key, value)
    return variables


def _color(path: str, key: str, value: object) -> str:
    if isinstance(value, str):
        try:
            Color.parse(value)
        except ColorParseError:
            pass
        else:
            return value
    raise ThemeError(path, f'{key} = {value!r} is not a colour; write it like "#6cb0f5".')


def _text_style(path: str, key: str, value: object) -> str:
    if isinstance(value, str) and value.split() and TEXT_STYLES.issuperset(value.split()):
        return value
    raise ThemeError(path, f"{key} = {value!r} is not a text style; use {', '.join(sorted(TEXT_STYLES))}.")


def _unknown(key: str, known: Iterable[str]) -> str:
    # Imported here because only a bad file needs it.
    from difflib import get_close_matches

    near = get_close_matches(key, list(known), n=1)
    hint = f"did you mean {near[0]}?" if near else "no key is like it."
    return f"{key} is not a key of a theme; {hint}"
