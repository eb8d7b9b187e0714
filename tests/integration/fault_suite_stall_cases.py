"""Coordinated omission (M2): a server that stops for 2 s in every 30 s, asked 50 times a second.

The server takes one request at a time and 10 ms for each. From the schedule: a request that is due
x seconds into the stall finds 50 x others before it, and ends after 2 - x + 0.01 (50 x + 1) =
2.01 - 0.5 x seconds. The slowest hundredth of all requests is due in the first 1 % of 30 s = 0.3 s
of the stall, so p99 = 2.01 - 0.15 = 1.86 s for evenly spaced requests (a Poisson stream simulated
for the methodology has 1.88 s; the same limits hold for both). A cap on requests in flight cannot
change that for a server that takes one at a time. A client that waits for each answer, and times
from its send, has the stall in one of 2,800 requests, and its p99 is the server's 10 ms.
"""

import fault_checks
from case import IntegrationCase
from results import Results

LEAST_P99_MS, MOST_P99_MS = 1830.0, 1930.0
SERVICE_MS = 10.0
# Steps of the tiny profile take 2.1 ms; divided by this they take 10.
SPEED = "0.21"


class Stall(IntegrationCase):

    def measure(self, every_s, load, warmup_s, seconds):
        engine = {"name": "sim", "kind": "simulated", "profile": "tiny-vllm",
                  "port": self.free_port(),
                  "args": ["--max-sequences", "1", "--speed", SPEED,
                           "--fault", f"stall:seconds=2,every={every_s}"]}
        study = {"model": {"name": "smollm2"}, "engines": [engine], "load": load,
                 "workloads": [{"name": "one", "input_tokens": 8, "output_tokens": 1}],
                 "window": {"warmup_s": warmup_s, "seconds": seconds, "requests": 1000,
                            "probes": 1},
                 "timeouts": {"total_s": 10}, "client": {"calibration_s": 0}, "repeats": 1}
        results = Results(self.folder / "out")
        finished = self.tokamark("run", self.write_study(study), "--output", results.folder)
        trial = results.trials[0]
        wrong = fault_checks.wrong_codes(set(), trial)
        metrics = trial["metrics"]
        times = [f"{metrics[name][part]:.1f} ms" for name, part in (
            ("ttft_ms", "p99"), ("ttft_wire_ms", "p50"), ("ttft_wire_ms", "p99"),
            ("ttft_ms", "max"))]
        kind, level = next(iter(load.items()))
        fault_checks.print_table(
            ("load", "requests", "p99 from the schedule", "p50 from the send",
             "p99 from the send", "longest", "raised"),
            [(f"{kind} {level[0]}", str(trial["counts"]["scheduled"]), *times,
              fault_checks.raised(trial))])
        self.assertEqual([], wrong, finished)
        return metrics

    def test_seen_from_the_schedule(self):
        """The window holds one stall, in its middle."""
        metrics = self.measure(30, {"rate_per_s": [50], "arrivals": "constant"},
                               warmup_s=16, seconds=30)
        self.assertGreaterEqual(metrics["ttft_ms"]["p99"], LEAST_P99_MS)
        self.assertLessEqual(metrics["ttft_ms"]["p99"], MOST_P99_MS)

    def test_hidden_from_a_client_that_waits(self):
        """A closed load of one: what a benchmark that waits for each answer calls its p99. One
        stall and a thousand requests are enough to see that it misses the stall."""
        metrics = self.measure(9, {"concurrency": [1]}, warmup_s=1, seconds=13)
        self.assertGreaterEqual(metrics["ttft_ms"]["max"], 1900.0)
        # It stays near the service time; the limit only has to be far from the stall.
        self.assertGreaterEqual(metrics["ttft_wire_ms"]["p99"], SERVICE_MS * 0.9)
        self.assertLess(metrics["ttft_wire_ms"]["p99"], 10 * SERVICE_MS)
