"""Decode any accepted container to mono PCM with ffmpeg."""

import subprocess

from olorin_core import AudioClip, UnsupportedAudio

SAMPLE_RATE = 16_000
BYTES_PER_SECOND = SAMPLE_RATE * 2


def ffmpeg_command(binary: str, container: str) -> list[str]:
    return [
        binary, "-nostdin", "-v", "error",
        "-f", container, "-i", "pipe:0",
        "-ac", "1", "-ar", str(SAMPLE_RATE), "-f", "s16le", "pipe:1",
    ]  # fmt: skip


def to_pcm(clip: AudioClip, binary: str = "ffmpeg", timeout: float = 60.0) -> bytes:
    done = subprocess.run(
        ffmpeg_command(binary, clip.format),
        input=clip.data,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        raise UnsupportedAudio("the audio could not be decoded")
    return done.stdout
