"""Run decoding, recognition and tidying in order."""

from collections.abc import Callable, Iterable
from typing import Protocol

from bayit_voice_pipeline.decode import BYTES_PER_SECOND, to_pcm
from bayit_voice_pipeline.segments import Segment, merge_short
from olorin_core import AudioClip, Language


class Recognizer(Protocol):
    """A speech model: it names what was said in mono 16 kHz PCM."""

    def recognize(self, pcm: bytes, language: Language) -> Iterable[Segment]: ...


class PlaceholderRecognizer:
    """Reports where there was audio. Used where no model is configured."""

    def recognize(self, pcm: bytes, language: Language) -> Iterable[Segment]:
        seconds = len(pcm) / BYTES_PER_SECOND
        if seconds > 0:
            yield Segment(0.0, seconds, f"[{language} speech]")


class VoicePipeline:
    def __init__(
        self,
        recognizer: Recognizer | None = None,
        decoder: Callable[[AudioClip], bytes] = to_pcm,
    ) -> None:
        self._recognizer = recognizer or PlaceholderRecognizer()
        self._decoder = decoder

    def run(self, data: bytes, language: Language) -> list[Segment]:
        clip = AudioClip.from_bytes(data)
        pcm = self._decoder(clip)
        return merge_short(self._recognizer.recognize(pcm, language))
