import unittest

from bayit_voice_pipeline import Segment, VoicePipeline, merge_short
from bayit_voice_pipeline.decode import BYTES_PER_SECOND, ffmpeg_command
from olorin_core import Language, UnsupportedAudio


class PipelineTest(unittest.TestCase):
    def test_length_comes_from_the_decoded_audio(self):
        pipeline = VoicePipeline(decoder=lambda clip: bytes(BYTES_PER_SECOND * 3))
        self.assertEqual(
            pipeline.run(b"OggS....", Language.HEBREW),
            [Segment(0.0, 3.0, "[he speech]")],
        )

    def test_silence_gives_nothing(self):
        pipeline = VoicePipeline(decoder=lambda clip: b"")
        self.assertEqual(pipeline.run(b"OggS....", Language.ENGLISH), [])

    def test_unknown_container_never_reaches_the_decoder(self):
        pipeline = VoicePipeline(decoder=lambda clip: self.fail("decoded"))
        with self.assertRaises(UnsupportedAudio):
            pipeline.run(b"GIF89a", Language.ENGLISH)

    def test_ffmpeg_reads_the_sniffed_container(self):
        command = ffmpeg_command("ffmpeg", "flac")
        self.assertEqual(command[command.index("-f") + 1], "flac")


class MergeTest(unittest.TestCase):
    def test_short_segments_are_joined(self):
        segments = [Segment(0, 0.4, "a"), Segment(0.4, 2, "b"), Segment(2, 4, "c")]
        self.assertEqual(
            merge_short(segments), [Segment(0, 2, "a b"), Segment(2, 4, "c")]
        )


if __name__ == "__main__":
    unittest.main()
