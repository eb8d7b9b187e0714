"""`tokamark capacity` on simulated engines whose capacity follows from their model."""

import json
import signal

from case import (EXIT_ENGINE, EXIT_INTERRUPTED, EXIT_MEASUREMENT, EXIT_STUDY, IntegrationCase,
                  least_study)
from results import Results

# A token takes about 2.1 ms (profile tiny-vllm), so that an answer takes 0.2 s.
OUTPUT_TOKENS = 100
# A search plays a dozen runs of three to eight seconds.
DEADLINE_S = 240.0
# Limits that blame the measuring machine, which is not this module's subject.
ANY_MACHINE = {"lateness_p99_ms": 1000, "lateness_p99_share_of_ttft": 1, "late_share": 1,
               "rate_error_share": 1, "ttft_excess_share": 1, "shared_read_share": 1,
               "littles_law_share": 1}


class CapacityCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.results = Results(self.folder / "out")

    def study(self, slots, **changes):
        engine = {"name": "sim", "kind": "simulated", "profile": "tiny-vllm",
                  "port": self.free_port(), "args": ["--max-sequences", str(slots)]}
        chat = {"name": "chat", "input_tokens": 32, "output_tokens": OUTPUT_TOKENS}
        return self.write_study(least_study(
            "", engines=[engine], workloads=[chat], validity=ANY_MACHINE,
            **{"window": {"warmup_s": 0.5, "seconds": 2, "requests": 0, "probes": 1}, **changes}))

    def capacity(self, *arguments):
        return self.tokamark("capacity", *arguments, "--output", self.results.folder,
                             deadline_s=DEADLINE_S)

    def found(self):
        return json.loads((self.results.folder / "capacity.json").read_text())

    def search(self):
        whole = self.found()
        self.assertIs(True, whole["simulated"])
        self.assertEqual(1, len(whole["searches"]))
        return whole["searches"][0]

    def test_a_batch_of_four_holds_four(self):
        """Four requests in flight start at once. Of five, the fifth waits for a place, 0.2 s or so,
        and there is one such wait to each four answers: 75 % are in time."""
        path = self.study(4, slo={"ttft_ms": 100})
        finished = self.capacity(path, "--concurrency", "4")
        self.assertEqual(0, finished.code, finished)
        self.assertIn("SIMULATED", finished.out)
        self.assertIn("4 to 5 requests in flight", finished.out)
        found = self.search()
        self.assertEqual(("resolved", 4, 5, []), (found["outcome"], found["low"], found["high"],
                                                  found["meets_above"]), found)
        loads = {load["load"]: load for load in found["loads"]}
        for load, standing in ((4, "meets"), (5, "misses")):
            self.assertEqual(standing, loads[load]["standing"], found)
            self.assertGreaterEqual(loads[load]["runs"], 5)
        self.check_trials(found)

    def check_trials(self, found):
        """Each run is a trial that the results folder holds, with a schedule of its own."""
        ids = [trial for load in found["loads"] for trial in load["trials"]]
        self.assertEqual(found["runs"], len(ids))
        self.assertEqual(sorted(ids), sorted(self.results.ids_on_disk()))
        self.assertEqual(sorted(ids), sorted(self.results.planned_ids()))
        trials = self.results.trials
        self.assertEqual(len(ids), len({trial["schedule_sha256"] for trial in trials}))
        before = (self.results.folder / "results.json").read_bytes()
        rebuilt = self.tokamark("report", self.results.folder)
        self.assertEqual(0, rebuilt.code, rebuilt)
        self.assertEqual(before, (self.results.folder / "results.json").read_bytes())

    def test_overload_ends_a_run_early_and_misses(self):
        """One place serves 4.7 requests a second. At 50 the queue grows by 45 a second, past twice
        50/s x (0.5 s + 99 x 5 ms) = 100 requests after two, and the run ends five later."""
        path = self.study(1, slo={"ttft_ms": 500, "tpot_ms": 5},
                          window={"warmup_s": 0.5, "seconds": 60, "requests": 0, "probes": 1})
        finished = self.capacity(path, "--rate", "50", "--least", "50", "--most", "50")
        self.assertEqual(0, finished.code, finished)
        found = self.search()
        self.assertEqual(("below_least_tried", None, 50, 5),
                         (found["outcome"], found["low"], found["high"], found["runs"]), found)
        self.assertEqual(5, found["loads"][0]["overloaded_runs"])
        for trial in self.results.trials:
            self.assertEqual(("incomplete", "stopped"),
                             (trial["verdict"], trial["codes"][0]["code"]))
            self.assertIn("overloaded", trial["codes"][0]["evidence"])

    def test_a_search_without_slo_is_refused(self):
        path = self.study(4)
        self.assert_error(self.capacity(path), EXIT_STUDY, "slo")
        self.assertFalse(self.results.folder.exists())

    def test_an_engine_that_fails_is_in_the_results(self):
        path = self.write_study(least_study("", engines=[self.fake_llama_engine("exit")],
                                            slo={"ttft_ms": 100}))
        finished = self.capacity(path, "--concurrency", "4")
        self.assert_error(finished, EXIT_ENGINE, '"fake"', "exited with code 3")
        [failure] = self.results.json["manifest"]["engine_failures"]
        self.assertIn("exited with code 3", failure)

    def test_the_budget_leaves_it_open(self):
        path = self.study(4, slo={"ttft_ms": 100})
        finished = self.capacity(path, "--concurrency", "4", "--runs", "2")
        self.assert_error(finished, EXIT_MEASUREMENT, "not resolved")
        found = self.search()
        self.assertEqual(("not_resolved", "budget", None, None, 2),
                         (found["outcome"], found["ended_by"], found["low"], found["high"],
                          found["runs"]))

    def test_an_interrupted_search_keeps_its_runs(self):
        path = self.study(4, slo={"ttft_ms": 100})
        program = self.start_tokamark("capacity", path, "--concurrency", "4", "--output",
                                      self.results.folder)
        self.wait_for(lambda: self.results.ids_on_disk(), "a run is on disk", program)
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assert_nothing_left()
        found = self.search()
        self.assertEqual("stopped", found["ended_by"])
        self.assertGreaterEqual(found["runs"], 1)
        self.assertEqual(sorted(self.results.ids_on_disk()),
                         sorted(trial["id"] for trial in self.results.trials))
