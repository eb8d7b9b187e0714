"""Codes about a trial as a whole (M37): it was stopped, too short, never warm, or its records do
not add up. Each scene that must raise one has twins that differ in little and must not.

The scenes of `littles_law` are planted in the results folder: no engine and no client can make
the program lose a record. `tokamark report` then judges the trial anew, from what lies there.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import fault_checks
from case import IntegrationCase
from fault_table import CLIENT, CLOSED, GPU, NATURAL, NOT_PLANTED, OPEN, TRIAL
from results import Results

TOO_SHORT = "truncate:tokens=4"
# After t seconds a step takes 1 + t times as long: 20 probes of 9 ms each make that 18 % more, and
# 5 % is the limit.
GROWING = "drift:percent=10000,over_s=100"
# Behind the warm-up, and far from the end: two streams have 20 ms for each.
LEAST_UNDER_LOAD = 40
HALTED_S = 0.3


def verdict_of(codes):
    """The word that docs/METRICS.md has for a trial with these codes."""
    return "incomplete" if "stopped" in codes else "invalid" if codes else "valid"


class TrialFaults(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.scenes = []  # the trials of this test
        self.truth = self.folder / "truth.jsonl"

    def simulated(self, *faults):
        """An engine that the study starts, with these faults."""
        words = [word for fault in faults for word in ("--fault", fault)]
        return {"name": "sim", "kind": "simulated", "profile": "tiny-vllm",
                "port": self.free_port(), "args": [*words, "--truth-file", str(self.truth)]}

    def start(self, engine, tokens=8, load=None, **window):
        """One trial; every one has a results folder of its own."""
        window = {"warmup_s": 0.2, "seconds": 0.5, "requests": 0, "probes": 1, **window}
        study = {"model": {"name": "smollm2"}, "engines": [engine], "window": window,
                 "workloads": [{"name": "chat", "input_tokens": 32, "output_tokens": tokens}],
                 "load": load or {"concurrency": [2]}, "client": {"calibration_s": 0},
                 "repeats": 1}
        self.results = Results(self.folder / f"out{len(self.scenes)}")
        return self.start_tokamark("run", self.write_study(study), "--output",
                                   self.results.folder)

    def judged(self, program):
        """Notes the trial, which the program has by now measured or judged anew."""
        finished = program.finish()
        self.assertTrue((self.results.folder / "results.json").exists(), finished)
        self.scenes.append(self.results.trials[0])

    def measure(self, engine, **more):
        self.judged(self.start(engine, **more))

    def facts(self):
        trial = self.results.trials[0]["id"]
        return json.loads((self.results.folder / "trials" / trial / "facts.json").read_text())

    def expect(self, name):
        """Holds the trials so far against the scenes of this name, one by one."""
        lines, complaints = [], []
        for scene, trial in zip(TRIAL[name], self.scenes, strict=True):
            wrong = fault_checks.wrong_codes(scene.codes, trial)
            verdict = verdict_of({code["code"] for code in trial["codes"]})
            if trial["verdict"] != verdict:
                wrong.append(f"the verdict is {trial['verdict']}, expected {verdict}")
            lines.append((scene.told, fault_checks.listed(scene.codes), fault_checks.raised(trial),
                          trial["verdict"], "no" if wrong else "yes"))
            complaints += [f"{scene.told}: {w}" for w in wrong]
        fault_checks.print_table(("what is done", "expected", "raised", "verdict", "pass"), lines)
        self.assertEqual([], complaints)

    # What the tables hold

    def test_every_code_is_planted(self):
        """A new code needs a row in a table, or a reason in fault_table.NOT_PLANTED."""
        listed = set(re.findall(r"^(\S+)", self.tokamark("explain").out, re.MULTILINE))
        self.assertIn("errors", listed)
        scenes = [*CLIENT.values(), *GPU.values(), *(scene for group in TRIAL.values() for scene in group)]
        planted = {code for row in (*CLOSED, *NATURAL, *OPEN, *scenes) for code in row.codes}
        self.assertEqual(sorted(listed), sorted(planted | set(NOT_PLANTED)))
        self.assertEqual(set(), planted & set(NOT_PLANTED))

    def test_every_scene_has_a_test_and_a_line_in_the_documentation(self):
        page = (self.source / "docs" / "FAULT_SUITE.md").read_text()
        for name, group in TRIAL.items():
            self.assertTrue(hasattr(self, f"test_{name}"), name)
            for scene in group:
                self.assertIn(f"| {scene.told} | {fault_checks.listed(scene.codes)} |", page)

    # Warm-up and length

    def test_never_warm(self):
        self.measure(self.simulated(GROWING), tokens=4, probes=40)
        self.assertEqual(200, self.facts()["probes"])
        self.measure(self.simulated(), tokens=4, probes=40)
        self.assertLess(self.facts()["probes"], 200)
        self.measure(self.simulated(GROWING), tokens=4, probes=39)
        self.assertEqual(39, self.facts()["probes"])
        self.expect("never_warm")

    def test_too_few_requests(self):
        for asked, longest_s in ((1000, 0.5), (10, 0.5), (200, 60)):
            self.measure(self.simulated(), requests=asked, max_seconds=longest_s)
        self.assertGreaterEqual(self.scenes[-1]["counts"]["scheduled"], 200)
        self.expect("too_few_requests")

    def test_no_request_in_the_window(self):
        for rate in (0.2, 20):
            self.measure(self.simulated(), load={"rate_per_s": [rate], "arrivals": "constant"})
        self.assertEqual(0, self.scenes[0]["counts"]["scheduled"])
        self.expect("no_request_in_the_window")

    # Stopped

    def under_load(self, engine):
        """A trial with seconds to go, when its engine has answered some requests."""
        self.truth.unlink(missing_ok=True)
        program = self.start(engine, seconds=3)
        self.wait_for(lambda: self.answered() >= LEAST_UNDER_LOAD, "the load runs", program)
        return program

    def answered(self):
        return self.truth.read_text().count("\n") if self.truth.exists() else 0

    def leader_of(self, engine):
        """The process of the engine itself, and not of its guardian."""
        port = f"--port {engine['port']}"
        leaders = [pid for pid, command in self.product_processes()
                   if port in command and "guardian" not in command]
        self.assertEqual(1, len(leaders), self.product_processes())
        return leaders[0]

    def test_engine_killed(self):
        engine = self.simulated(TOO_SHORT)
        program = self.under_load(engine)
        os.kill(self.leader_of(engine), signal.SIGKILL)
        self.judged(program)
        engine = self.simulated()
        program = self.under_load(engine)
        halted = self.leader_of(engine)
        os.kill(halted, signal.SIGSTOP)
        time.sleep(HALTED_S)
        os.kill(halted, signal.SIGCONT)
        self.judged(program)
        self.expect("engine_killed")

    def test_interrupted(self):
        program = self.under_load(self.simulated(TOO_SHORT))
        program.send(signal.SIGINT)
        self.judged(program)
        self.judged(self.under_load(self.simulated(TOO_SHORT)))
        self.expect("interrupted")

    # Records that do not add up

    def change_records(self, change):
        """Replaces the records of the trial by what the change makes of them, and reports anew."""
        if shutil.which("zstd") is None:
            self.skipTest("zstd is not installed: apt-get install zstd")
        kept = Results(self.folder / "kept")
        shutil.rmtree(self.results.folder, ignore_errors=True)
        shutil.copytree(kept.folder, self.results.folder)
        trial = kept.trials[0]["id"]
        lines = [json.dumps(record) for record in change(kept.records(trial, phase=None))]
        path = self.results.folder / "trials" / trial / "requests.jsonl.zst"
        subprocess.run(["zstd", "-qf", "-", "-o", str(path)], check=True,
                       input="".join(line + "\n" for line in lines).encode())
        self.judged(self.start_tokamark("report", self.results.folder))

    def test_littles_law(self):
        def lose_every(nth):
            return lambda records: [r for i, r in enumerate(records) if i % nth != nth - 1]

        def end_late(share):
            def change(records):
                for record in records:
                    spent_ns = record["ended_ns"] - record["sent_ns"]
                    record["ended_ns"] += int(share * spent_ns)
                return records
            return change

        # The engine's own counter misses lost records too, but has a token a request to spare,
        # which is more than a tenth of 8.
        finished = self.start(self.simulated(), tokens=8, seconds=3,
                              load={"rate_per_s": [60], "arrivals": "constant"}).finish()
        self.assertTrue((self.results.folder / "results.json").exists(), finished)
        self.results.folder.rename(self.folder / "kept")
        for change in (lose_every(10), lose_every(50), end_late(0.1), end_late(0.02), list):
            self.change_records(change)
        self.expect("littles_law")
