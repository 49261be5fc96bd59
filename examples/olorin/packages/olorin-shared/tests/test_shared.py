import unittest

from olorin_shared import TokenBucket, current_request_id, new_request_id, use_request_id


class CorrelationTest(unittest.TestCase):
    def test_well_formed_identifier_is_kept(self):
        self.assertEqual(new_request_id("call-2024-0001"), "call-2024-0001")

    def test_bad_identifier_is_replaced(self):
        self.assertEqual(len(new_request_id("a\nb")), 32)
        self.assertEqual(len(new_request_id()), 32)

    def test_identifier_ends_with_its_block(self):
        with use_request_id("call-2024-0001"):
            self.assertEqual(current_request_id(), "call-2024-0001")
        self.assertEqual(current_request_id(), "-")


class TokenBucketTest(unittest.TestCase):
    def test_burst_then_rate(self):
        now = [0.0]
        bucket = TokenBucket(rate=2, burst=2, clock=lambda: now[0])
        self.assertEqual([bucket.allow() for _ in range(3)], [True, True, False])
        now[0] = 0.5
        self.assertEqual([bucket.allow() for _ in range(2)], [True, False])

    def test_nonsense_limits(self):
        with self.assertRaises(ValueError):
            TokenBucket(rate=0, burst=1)


if __name__ == "__main__":
    unittest.main()
