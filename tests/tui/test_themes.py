"""Every theme that comes with the desk can be read by everyone; a bad file of a trader's stops nothing."""

import itertools
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import Theme
from textual.widgets import Static

from tui.themes import (
    CELL_STYLES,
    DEFAULT_THEME,
    DOMAIN_COLORS,
    DOMAIN_DEFAULTS,
    domain_defaults,
    load_themes,
    parse_theme,
)

SHIPPED = {theme.name: theme for theme in load_themes(None).loaded}
MODES = ("live", "paper", "practice")
GROUNDS = ("background", "surface", "panel", "block-cursor-background", "block-cursor-blurred-background")
TEXTS = (
    "foreground",
    "primary",
    "secondary",
    "accent",
    "success",
    "warning",
    "error",
    "text-muted",
    *(name for name in DOMAIN_COLORS if not name.endswith("-text")),
)

# How cone-deficient eyes see linear RGB; Machado, Oliveira and Fernandes 2009, severity 1.0.
DEFICIENCIES = {
    "protan": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deutan": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritan": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(color: str) -> tuple[float, float, float]:
    """The color's channels as light, 0 to 1 (IEC 61966-2-1)."""
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
        for channel in Color.parse(color).normalized
    )
    return red, green, blue


def luminance(color: str) -> float:
    red, green, blue = linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(light: tuple[float, float, float]) -> tuple[float, float, float]:
    """CIE L*a*b* of linear RGB under D65."""
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in light)
    x, y, z = (
        t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116
        for t in (
            (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.95047,
            0.2126 * red + 0.7152 * green + 0.0722 * blue,
            (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.08883,
        )
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, deficiency: str) -> float:
    """How different two colors look to an eye with a deficiency, as CIE76 delta E; 2.3 is just noticeable."""
    seen = []
    for color in (one, other):
        light = linear(color)
        red, green, blue = (
            sum(weight * channel for weight, channel in zip(row, light, strict=True))
            for row in DEFICIENCIES[deficiency]
        )
        seen.append(lab((red, green, blue)))
    return float(sum((a - b) ** 2 for a, b in zip(*seen, strict=True)) ** 0.5)


def colors(theme: Theme) -> dict[str, str]:
    return {**domain_defaults(theme.dark), **theme.to_color_system().generate(), **theme.variables}


def test_a_dark_and_a_light_theme_come_with_the_desk() -> None:
    assert load_themes(None).failed == ()
    assert {name: theme.dark for name, theme in SHIPPED.items()} == {"ibdesk-dark": True, "ibdesk-light": False}
    assert DEFAULT_THEME in SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_a_theme_that_comes_with_the_desk_shows_every_key_with_its_default(name: str) -> None:
    theme = SHIPPED[name]
    assert {key: theme.variables[key] for key in DOMAIN_COLORS} == domain_defaults(theme.dark)
    assert domain_defaults(True) == DOMAIN_DEFAULTS


@pytest.mark.parametrize(("name", "text", "ground"), itertools.product(SHIPPED, TEXTS, GROUNDS))
def test_every_text_stands_out_from_every_background(name: str, text: str, ground: str) -> None:
    have = colors(SHIPPED[name])
    assert contrast(have[text], have[ground]) >= 4.5


@pytest.mark.parametrize(("name", "mode"), itertools.product(SHIPPED, MODES))
def test_the_row_of_the_mode_can_be_read(name: str, mode: str) -> None:
    have = colors(SHIPPED[name])
    assert contrast(have[f"mode-{mode}"], have[f"mode-{mode}-text"]) >= 4.5


@pytest.mark.parametrize(
    ("name", "pair", "deficiency"),
    itertools.product(
        SHIPPED,
        [
            ("side-buy", "side-sell"),
            ("quote-up", "quote-down"),
            ("mode-live", "mode-practice"),
            ("order-held", "order-unknown"),
        ],
        DEFICIENCIES,
    ),
)
def test_opposites_differ_for_colour_blind_readers(name: str, pair: tuple[str, str], deficiency: str) -> None:
    have = colors(SHIPPED[name])
    assert distance(have[pair[0]], have[pair[1]], deficiency) >= 20


def test_what_must_be_seen_without_colour_has_a_shape() -> None:
    for name in ("partial", "held", "unknown", "attention", "refusal", "live"):
        style = CELL_STYLES[name]
        assert style.bold or style.reverse
    assert len({CELL_STYLES[name][1:] for name in MODES}) == 3
    known = {*DOMAIN_COLORS, *SHIPPED["ibdesk-dark"].variables}
    assert {style.color for style in CELL_STYLES.values() if style.color} <= known


def test_a_traders_own_theme_is_loaded_and_may_replace_ours(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('name = "mine"\nprimary = "teal"\n[variables]\nquote-up = "#0000ff"\n')
    (tmp_path / "b.toml").write_text('name = "ibdesk-dark"\nprimary = "#123456"\n')
    (tmp_path / "notes.txt").write_text("not a theme")
    result = load_themes(tmp_path)
    assert result.failed == ()
    themes = {theme.name: theme for theme in result.loaded}
    assert list(themes) == ["ibdesk-dark", "ibdesk-light", "mine"]
    assert themes["mine"].variables == {"quote-up": "#0000ff"}
    assert themes["ibdesk-dark"].primary == "#123456"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name = ", "it is not TOML"),
        (
            'name = "x"\nprimary = "#fff"\nbackgruond = "#000"',
            "backgruond is not a key of a theme; did you mean background?",
        ),
        (
            'name = "x"\nprimary = "#fff"\n[variables]\nquote-upp = "#000"',
            "quote-upp is not a key of a theme; did you mean quote-up?",
        ),
        ('name = "x"\nprimary = "#fff"\n[variables]\nzzz = "#000"', "zzz is not a key of a theme; no key is like it."),
        ('name = "x"\nprimary = "bluish"', "primary = 'bluish' is not a colour"),
        ('name = "x"\nprimary = 12', "primary = 12 is not a colour"),
        ('name = "x"\nprimary = "#fff"\n[variables]\nstale = "dim"', "stale = 'dim' is not a colour"),
        ('name = "x"\nprimary = "#fff"\n[variables]\nlink-style = "loud"', "link-style = 'loud' is not a text style"),
        ('name = "x"', "primary is missing"),
        ('primary = "#fff"', "name must be given"),
        ('name = "My Theme"\nprimary = "#fff"', "name must be given"),
        ('name = "x"\nprimary = "#fff"\ndark = "yes"', "dark must be true or false"),
        ('name = "x"\nprimary = "#fff"\nvariables = 3', "variables must be a table"),
    ],
)
def test_a_bad_file_is_left_out_and_says_why(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "bad.toml").write_text(text)
    (tmp_path / "good.toml").write_text('name = "good"\nprimary = "#fff"\n')
    result = load_themes(tmp_path)
    assert [theme.name for theme in result.loaded] == ["ibdesk-dark", "ibdesk-light", "good"]
    (error,) = result.failed
    assert str(error).startswith(f"Theme {tmp_path}/bad.toml is left out: ")
    assert reason in str(error)


def test_files_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "one.toml").write_text('name = "same"\nprimary = "#fff"\n')
    (tmp_path / "two.toml").write_text('name = "same"\nprimary = "#000"\n')
    result = load_themes(tmp_path)
    assert [error.path.rpartition("/")[2] for error in result.failed] == ["bytes.toml", "folder.toml", "two.toml"]
    assert next(theme for theme in result.loaded if theme.name == "same").primary == "#fff"


def test_a_folder_that_is_none_or_missing_means_no_own_themes(tmp_path: Path) -> None:
    assert load_themes(tmp_path / "missing") == load_themes(None)
    (tmp_path / "file").write_text("")
    (error,) = load_themes(tmp_path / "file").failed
    assert error.path.startswith(str(tmp_path / "file"))


def test_stock_variables_of_textual_may_be_set() -> None:
    theme = parse_theme(
        'name = "x"\nprimary = "#fff"\n[variables]\nfooter-key-foreground = "red"\nlink-style = "bold underline"', "x"
    )
    assert theme.variables == {"footer-key-foreground": "red", "link-style": "bold underline"}


def test_the_files_come_with_the_package() -> None:
    names = {file.name for file in resources.files("themes").iterdir() if file.name.endswith(".toml")}
    assert names == {f"{name}.toml" for name in SHIPPED}


@pytest.mark.parametrize("name", [*SHIPPED, "textual-light"])
async def test_the_style_sheet_takes_every_variable(name: str) -> None:
    class Colours(App[None]):
        CSS = "\n".join(f"#{variable} {{ color: ${variable}; }}" for variable in DOMAIN_COLORS)

        def get_theme_variable_defaults(self) -> dict[str, str]:
            return domain_defaults(self.current_theme.dark)

        def compose(self) -> ComposeResult:
            for variable in DOMAIN_COLORS:
                yield Static(variable, id=variable)

    app = Colours()
    for theme in SHIPPED.values():
        app.register_theme(theme)
    async with app.run_test() as pilot:
        app.theme = name
        await pilot.pause()
        for variable, pair in DOMAIN_COLORS.items():
            shown = app.query_one(f"#{variable}").styles.color
            assert shown == Color.parse(pair[0 if app.current_theme.dark else 1])


def test_loading_imports_nothing_heavy() -> None:
    # Loading stands between the start and the first paint.
    code = (
        "import sys; import textual.app; before = set(sys.modules); import tui.themes; tui.themes.load_themes(None);"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"themes", "tui"}
