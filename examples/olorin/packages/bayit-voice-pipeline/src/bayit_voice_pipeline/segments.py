"""Pieces of a transcript with their times."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    start: float
    end: float
    text: str

    @property
    def duration(self) -> float:
        return self.end - self.start


def merge_short(segments: Iterable[Segment], minimum: float = 1.0) -> list[Segment]:
    """Join each segment to the one before it while that one is too short."""
    merged: list[Segment] = []
    for segment in segments:
        if merged and merged[-1].duration < minimum:
            before = merged.pop()
            segment = Segment(before.start, segment.end, f"{before.text} {segment.text}")
        merged.append(segment)
    return merged
