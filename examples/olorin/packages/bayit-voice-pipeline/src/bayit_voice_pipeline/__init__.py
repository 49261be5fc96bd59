"""From call audio to timed transcript segments."""

from bayit_voice_pipeline.pipeline import Recognizer, VoicePipeline
from bayit_voice_pipeline.segments import Segment, merge_short

__all__ = ["Recognizer", "Segment", "VoicePipeline", "merge_short"]
