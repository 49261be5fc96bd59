import unittest

from olorin_core import (
    AudioClip,
    Language,
    UnsupportedAudio,
    UnsupportedLanguage,
    parse_language,
    sniff_format,
)


class AudioTest(unittest.TestCase):
    def test_containers(self):
        self.assertEqual(sniff_format(b"RIFF\x24\x00\x00\x00WAVEfmt "), "wav")
        self.assertEqual(sniff_format(b"OggS\x00\x02"), "ogg")
        self.assertEqual(sniff_format(b"fLaC\x00"), "flac")
        self.assertEqual(sniff_format(b"ID3\x04"), "mp3")

    def test_anything_else_is_refused(self):
        with self.assertRaises(UnsupportedAudio) as caught:
            AudioClip.from_bytes(b"%PDF-1.7")
        self.assertEqual(caught.exception.status, 415)

    def test_clip_keeps_its_size(self):
        self.assertEqual(AudioClip.from_bytes(b"OggS1234").size, 8)


class LanguageTest(unittest.TestCase):
    def test_region_is_dropped(self):
        self.assertIs(parse_language("he-IL"), Language.HEBREW)
        self.assertIs(parse_language("EN_us"), Language.ENGLISH)

    def test_unknown_language(self):
        with self.assertRaises(UnsupportedLanguage):
            parse_language("tlh")


if __name__ == "__main__":
    unittest.main()
