"""Audio in, timed text out."""

from functools import lru_cache, partial
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, HTTPException, UploadFile, status
from pydantic import BaseModel

from app.security import require_api_key
from app.settings import Settings, get_settings
from bayit_voice_pipeline import VoicePipeline
from bayit_voice_pipeline.decode import to_pcm
from olorin_core import parse_language
from olorin_shared import TokenBucket

router = APIRouter(tags=["transcribe"], dependencies=[Depends(require_api_key)])


class SegmentOut(BaseModel):
    start: float
    end: float
    text: str


class Transcript(BaseModel):
    language: str
    segments: list[SegmentOut]


@lru_cache
def get_pipeline() -> VoicePipeline:
    return VoicePipeline(decoder=partial(to_pcm, binary=get_settings().ffmpeg))


@lru_cache
def get_bucket() -> TokenBucket:
    rate = get_settings().transcriptions_per_second
    return TokenBucket(rate=rate, burst=max(1, int(rate * 2)))


@router.post("/transcribe")
def transcribe(
    audio: Annotated[UploadFile, File()],
    pipeline: Annotated[VoicePipeline, Depends(get_pipeline)],
    bucket: Annotated[TokenBucket, Depends(get_bucket)],
    settings: Annotated[Settings, Depends(get_settings)],
    language: Annotated[str, Form()] = "en",
) -> Transcript:
    spoken = parse_language(language)
    if not bucket.allow():
        raise HTTPException(status.HTTP_429_TOO_MANY_REQUESTS, "too many transcriptions")
    data = audio.file.read(settings.max_upload_bytes + 1)
    if len(data) > settings.max_upload_bytes:
        raise HTTPException(status.HTTP_413_REQUEST_ENTITY_TOO_LARGE, "audio too large")
    segments = pipeline.run(data, spoken)
    return Transcript(
        language=spoken,
        segments=[SegmentOut(start=s.start, end=s.end, text=s.text) for s in segments],
    )
