"""Values and errors that every Olorin service agrees on."""

from olorin_core.audio import AudioClip, sniff_format
from olorin_core.errors import OlorinError, UnsupportedAudio, UnsupportedLanguage
from olorin_core.languages import Language, parse_language

__all__ = [
    "AudioClip",
    "Language",
    "OlorinError",
    "UnsupportedAudio",
    "UnsupportedLanguage",
    "parse_language",
    "sniff_format",
]
