"""Terms that must be translated one given way."""

import re
from collections.abc import Mapping


class Glossary:
    """Swaps terms for markers before an engine runs, and back afterwards."""

    def __init__(self, terms: Mapping[str, str]) -> None:
        self._terms = {source.lower(): target for source, target in terms.items()}
        longest_first = sorted(self._terms, key=len, reverse=True)
        self._pattern = (
            re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b", re.IGNORECASE)
            if longest_first
            else None
        )

    def protect(self, text: str) -> tuple[str, list[str]]:
        targets: list[str] = []

        def mark(found: re.Match[str]) -> str:
            targets.append(self._terms[found.group().lower()])
            return f"\u27e6{len(targets) - 1}\u27e7"

        if self._pattern is None:
            return text, targets
        return self._pattern.sub(mark, text), targets

    @staticmethod
    def restore(text: str, targets: list[str]) -> str:
        for index, target in enumerate(targets):
            text = text.replace(f"\u27e6{index}\u27e7", target)
        return text
