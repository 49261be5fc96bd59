import unittest

from bayit_translation import Glossary, Translator
from olorin_core import Language


class GlossaryTest(unittest.TestCase):
    def test_longest_term_wins(self):
        glossary = Glossary({"voice": "voix", "voice mail": "messagerie"})
        text, targets = glossary.protect("Your Voice Mail is full")
        self.assertEqual(targets, ["messagerie"])
        self.assertEqual(glossary.restore(text, targets), "Your messagerie is full")

    def test_parts_of_words_are_left_alone(self):
        self.assertEqual(Glossary({"mail": "courrier"}).protect("mailbox"), ("mailbox", []))


class TranslatorTest(unittest.TestCase):
    def test_terms_survive_the_engine(self):
        translator = Translator(glossary=Glossary({"invoice": "facture"}))
        result = translator.translate("The invoice", Language.ENGLISH, Language.FRENCH)
        self.assertEqual(result.text, "[fr] The facture")
        self.assertEqual(result.terms, 1)

    def test_same_language_is_untouched(self):
        result = Translator().translate("Hello", Language.ENGLISH, Language.ENGLISH)
        self.assertEqual(result.text, "Hello")


if __name__ == "__main__":
    unittest.main()
