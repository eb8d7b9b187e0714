"""The share of the roofline that a simulated engine reaches, from a run to its report."""

from case import IntegrationCase
from results import Results


class RooflineCase(IntegrationCase):

    def run_one(self, name, **engine):
        path = self.write_study({
            "name": name, "model": {"name": "m"},
            "engines": [{"name": "a", "kind": "simulated", "port": self.free_port(), **engine}],
            "workloads": [{"name": "chat", "input_tokens": 64, "output_tokens": 32}],
            "load": {"concurrency": 4}, "client": {"calibration_s": 0},
            "window": {"warmup_s": 0, "seconds": 2, "requests": 20, "probes": 1}, "repeats": 1})
        results = Results(self.folder / name)
        finished = self.tokamark("run", path, "--output", results.folder)
        self.assert_measured(finished, results)
        return finished, results, results.trials[0]

    def test_a_simulated_engine_is_held_to_its_profile(self):
        """tiny-vllm: 100 MB at 1 TB/s take 0.1 ms, and a token in the cache 2,048 bytes; a step
        has 2 ms of overhead besides."""
        finished, results, trial = self.run_one("tiny", profile="tiny-vllm")
        speed = trial["speed_of_light"]
        bound_ms = 0.1 + speed["decoding_mean"] * speed["context_tokens_mean"] * 2048 / 1e9
        self.assertAlmostEqual(bound_ms, speed["decode_tpot_ms"], 6)
        self.assertTrue(1 <= speed["decoding_mean"] <= 4, speed)
        self.assertEqual(("memory", [], None),
                         (speed["bound"], speed["impossible"], speed["reason"]))
        # A step takes its roofline and 2 ms, and later only as the machine is busy.
        self.assertTrue(0 < speed["tpot_fraction"] <= bound_ms / (bound_ms + 2) * 1.02, speed)
        self.assertAlmostEqual(bound_ms / trial["metrics"]["tpot_ms"]["p50"],
                               speed["tpot_fraction"], 6)
        self.assertTrue(0 < speed["output_fraction"] < 0.1, speed)
        self.assertTrue(0 < speed["ttft_fraction"] < 0.1, speed)
        self.assertIn("Of the speed of light (SIMULATED)", finished.out)
        self.assertIn("SIMULATED", finished.out)
        facts = results.json["manifest"]["engines"]["a"]["model_facts"]
        self.assertEqual("simulated profile tiny-vllm", facts["source"])

    def test_another_speed_has_no_roofline(self):
        finished, _, trial = self.run_one("fast", profile="tiny-vllm", args=["--speed", "2"])
        self.assertIsNone(trial["speed_of_light"]["tpot_fraction"])
        self.assertIn("--speed", trial["speed_of_light"]["reason"])
        self.assertIn("Not known for a", finished.out)
