"""Recognise the audio containers that the product accepts."""

from dataclasses import dataclass

from olorin_core.errors import UnsupportedAudio


@dataclass(frozen=True)
class AudioClip:
    """Audio as it was uploaded, with the container found in its first bytes."""

    data: bytes
    format: str

    @property
    def size(self) -> int:
        return len(self.data)

    @classmethod
    def from_bytes(cls, data: bytes) -> "AudioClip":
        return cls(data=data, format=sniff_format(data))


def sniff_format(data: bytes) -> str:
    """Name the container of `data`, whatever the upload called itself."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return "wav"
    if data[:4] == b"OggS":
        return "ogg"
    if data[:4] == b"fLaC":
        return "flac"
    if data[:3] == b"ID3" or data[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        return "mp3"
    raise UnsupportedAudio("expected WAV, Ogg, FLAC or MP3")
