"""The case study's arithmetic, by hand."""

import unittest

import replay


def answer(sequence, sent_s, ended_s, tokens):
    return {"sequence": sequence, "sent_ns": int(sent_s * 1e9), "last_token_ns": int(ended_s * 1e9),
            "output_tokens": tokens}


class Replay(unittest.TestCase):
    def test_streams_side_by_side_count_as_one_after_the_other(self):
        # Two streams of 2 s and 100 tokens at once: 200 tokens in 2 s are 100 tok/s, and the sum of
        # latencies makes 50 of it.
        both = [answer(0, 0, 2, 100), answer(1, 0, 2, 100)]
        self.assertAlmostEqual(50.0, replay.summed_latency_rate(both, 2))

    def test_only_the_first_requests_count(self):
        late_first = [answer(2, 0, 100, 1), answer(0, 0, 1, 30), answer(1, 1, 2, 50)]
        self.assertAlmostEqual(40.0, replay.summed_latency_rate(late_first, 2))

    def test_a_table_has_a_dash_where_nothing_was_published(self):
        rows = [("vllm", 1, 84.8, 84.0, 1, 84.4, "valid"), ("vllm", 50, None, 36.0, 15, 900.0, "valid")]
        lines = replay.table(rows).splitlines()
        self.assertEqual("| vllm | 1 | 84.8 | 84.0 | 1 | 84 | valid |", lines[2])
        self.assertEqual("| vllm | 50 | - | 36.0 | 15 | 900 | valid |", lines[3])


if __name__ == "__main__":
    unittest.main()
