"""Translate text from one supported language to another."""

from dataclasses import dataclass
from typing import Protocol

from bayit_translation.glossary import Glossary
from olorin_core import Language


class Engine(Protocol):
    def translate(self, text: str, source: Language, target: Language) -> str: ...


class EchoEngine:
    """Returns the text with its target language. Used where no engine is configured."""

    def translate(self, text: str, source: Language, target: Language) -> str:
        return f"[{target}] {text}"


@dataclass(frozen=True)
class Translation:
    text: str
    source: Language
    target: Language
    terms: int


class Translator:
    def __init__(
        self, engine: Engine | None = None, glossary: Glossary | None = None
    ) -> None:
        self._engine = engine or EchoEngine()
        self._glossary = glossary or Glossary({})

    def translate(self, text: str, source: Language, target: Language) -> Translation:
        if source is target or not text.strip():
            return Translation(text, source, target, terms=0)
        protected, targets = self._glossary.protect(text)
        translated = self._engine.translate(protected, source, target)
        restored = self._glossary.restore(translated, targets)
        return Translation(restored, source, target, terms=len(targets))
