"""Translation of transcripts with the terms a customer insists on."""

from bayit_translation.glossary import Glossary
from bayit_translation.translator import Engine, Translation, Translator

__all__ = ["Engine", "Glossary", "Translation", "Translator"]
