"""The languages the product supports."""

from enum import StrEnum

from olorin_core.errors import UnsupportedLanguage


class Language(StrEnum):
    ENGLISH = "en"
    FRENCH = "fr"
    GERMAN = "de"
    HEBREW = "he"
    SPANISH = "es"


def parse_language(tag: str) -> Language:
    """Accept a BCP 47 tag and keep its primary language: `he-IL` is `he`."""
    primary = tag.strip().replace("_", "-").split("-", 1)[0].lower()
    try:
        return Language(primary)
    except ValueError:
        raise UnsupportedLanguage(f"no support for language {tag!r}") from None
