"""Verdicts between engines and between results, the gate for CI, and a budget of time."""

import json
import shutil

from capacity_cases import ANY_MACHINE
from case import EXIT_MEASUREMENT, EXIT_STUDY, EXIT_USAGE, IntegrationCase, least_study
from results import Results

# A busy machine makes a trial invalid; a quiet moment comes again.
ATTEMPTS = 3
BLOCKS = 6
# The simulated engine divides its times by this, so that b's tokens take half of a's.
SPEED = 2.0


def two_engines(case, **changes):
    """Two simulated engines that differ in their speed alone, in windows of a second."""
    engines = [{"name": name, "kind": "simulated", "profile": "tiny-vllm",
                "port": case.free_port(), "args": ["--speed", str(speed)]}
               for name, speed in (("a", 1.0), ("b", SPEED))]
    return least_study("", engines=engines, validity=ANY_MACHINE, load={"concurrency": [2]},
                       client={"calibration_s": 0},
                       window={"warmup_s": 0.2, "seconds": 1, "requests": 0, "probes": 1}, **changes)


def scaled(source, target, metric, factor):
    """A copy of a results folder whose latency `metric` is `factor` times as long."""
    shutil.copytree(source, target)
    path = target / "results.json"
    results = json.loads(path.read_text())
    for trial in results["trials"]:
        summary = trial["metrics"][metric]
        for name, value in summary.items():
            if isinstance(value, float) and name != "n":
                summary[name] = value * factor
    path.write_text(json.dumps(results))


class CompareCase(IntegrationCase):

    def compared(self):
        """Results of two engines in six blocks, all trials valid."""
        path = self.write_study(two_engines(self, repeats=BLOCKS))
        for attempt in range(ATTEMPTS):
            results = Results(self.folder / f"base{attempt}")
            finished = self.tokamark("run", path, "--output", results.folder)
            if finished.code == 0:
                return results
        self.fail(finished)

    def test_engines_and_results(self):
        base = self.compared()
        self.check_verdicts(base)
        self.check_engines_of_one_result(base)
        self.check_the_same_twice(base)
        self.check_a_slower_one(base)

    def check_verdicts(self, base):
        found = {c["metric"]: c for c in base.json["comparisons"]}
        tpot = found["tpot_p50_ms"]
        self.assertEqual(("different", "b", BLOCKS, BLOCKS),
                         (tpot["verdict"], tpot["better"], tpot["R"], tpot["a_greater"]), tpot)
        self.assertTrue(tpot["low"] <= tpot["ratio"] <= tpot["high"])
        self.assertAlmostEqual(SPEED, tpot["ratio"], delta=0.5)
        missing = found["ttft_p99_ms"]
        self.assertEqual(("not_resolved", True), (missing["verdict"], missing["refused"]))
        rules = {r["rule"] for r in base.json["recommendations"]}
        self.assertTrue(any(rule.startswith("winner") for rule in rules), rules)
        self.assertIn("TPOT p50 of b is", (base.folder / "summary.md").read_text())

    def check_engines_of_one_result(self, base):
        finished = self.tokamark("compare", base.folder, "--metric", "tpot_p50_ms")
        self.assertEqual(0, finished.code, finished)
        self.assertIn("SIMULATED", finished.out)
        self.assertIn("a against b (the base)", finished.out)
        self.assertRegex(finished.out, r"tpot_p50_ms \* .* 6  worse")

    def check_the_same_twice(self, base):
        document = self.folder / "same.json"
        finished = self.tokamark("compare", base.folder, base.folder, "--fail-if",
                                 "tpot_p50_ms > +5%", "--json", document)
        self.assertEqual(0, finished.code, finished)
        self.assertIn("ruled out: 'tpot_p50_ms > +5%'", finished.out)
        same = [c for c in json.loads(document.read_text())["comparisons"] if c["ratio"]]
        self.assertTrue(same)
        self.assertEqual({"equivalent"}, {c["verdict"] for c in same})

    def check_a_slower_one(self, base):
        slower = self.folder / "slower"
        scaled(base.folder, slower, "tpot_ms", 1.2)
        text = self.folder / "comment.md"
        finished = self.tokamark("compare", base.folder, slower, "--fail-if", "tpot_p50_ms > +5%",
                                 "--markdown", text)
        self.assert_error(finished, EXIT_MEASUREMENT, "'tpot_p50_ms > +5%' holds for", "(slower)")
        self.assertIn("| +20.0 % |", text.read_text())
        passed = self.tokamark("compare", base.folder, slower, "--fail-if", "tpot_p50_ms > +25%")
        self.assertEqual(0, passed.code, passed)

    def test_what_cannot_be_compared(self):
        vllm = self.folder / "vllm.json"
        vllm.write_text(json.dumps({
            "backend": "vllm", "max_concurrency": 2, "request_rate": "inf", "completed": 10,
            "total_input_tokens": 320, "total_output_tokens": 160, "median_ttft_ms": 5.0,
            "output_throughput": 100.0}))
        self.assertIn("1 block in common; a verdict needs 6", self.tokamark("compare", vllm, vllm).out)
        gate = self.tokamark("compare", vllm, vllm, "--fail-if", "ttft_p50_ms > +5%")
        self.assert_error(gate, EXIT_MEASUREMENT, "cannot be decided")
        self.assert_error(self.tokamark("compare", vllm, vllm, "--fail-if", "ttft > 5"), EXIT_USAGE,
                          "'tpot_p99_ms > +5%'")
        self.assert_error(self.tokamark("compare", vllm, "--metric", "speed"), EXIT_USAGE, "speed")
        self.assert_error(self.tokamark("compare", vllm), EXIT_STUDY, "holds one engine")
        self.assert_error(self.tokamark("compare", self.folder / "none", vllm), EXIT_STUDY, "none")
        broken = self.folder / "broken.json"
        broken.write_text("{")
        self.assert_error(self.tokamark("compare", broken, vllm), EXIT_STUDY, "is not JSON")

    def test_a_budget_decides_the_blocks(self):
        # Three blocks of two engines take 8 s or so; a third of that again is a fourth and a fifth.
        path = self.write_study(two_engines(self))
        results = Results(self.folder / "out")
        finished = self.tokamark("run", path, "--budget", "12s", "--output", results.folder)
        self.assertIn(finished.code, (0, EXIT_MEASUREMENT), finished)
        decision = json.loads((results.folder / "budget.json").read_text())
        planned = decision["planned_blocks"]
        self.assertEqual(3, decision["pilot_blocks"])
        self.assertGreaterEqual(planned, 3)
        self.assertEqual(planned, results.json["study"]["repeats"])
        self.assertEqual(2 * planned, len(results.trials))
        self.assertIn(f"hold {planned} blocks", finished.out)
        resumed = self.tokamark("run", "--resume", results.folder)
        self.assertEqual(2 * planned, len(results.trials), resumed)
        self.assert_error(self.tokamark("run", path, "--budget", "soon"), EXIT_USAGE, "2h")
