"""What a person writes to core: the settings of a profile, from arguments, environment and file."""

from core.settings.limits import LimitSettings
from core.settings.profile import (
    ENVIRONMENT,
    REPLAY,
    Layers,
    PracticeSettings,
    Settings,
    contradictions,
    exposed,
    judge,
    load_settings,
    profile_path,
    read_layers,
    settings_of,
)
from core.settings.risk_file import RiskFiles, configure, exposed_risk, risk_path

__all__ = [
    "ENVIRONMENT",
    "REPLAY",
    "Layers",
    "LimitSettings",
    "PracticeSettings",
    "RiskFiles",
    "Settings",
    "configure",
    "contradictions",
    "exposed",
    "exposed_risk",
    "judge",
    "load_settings",
    "profile_path",
    "read_layers",
    "risk_path",
    "settings_of",
]
