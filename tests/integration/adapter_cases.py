"""Every adapter that starts a Python engine, against commands that only look like theirs
(fixtures/fake_engine.py): a whole study, what is said of its settings, and kill -9 at each stage
of its life. The real ones are in real_engine_cases.py."""

import json
import signal
import sys
from pathlib import Path

from case import EXIT_MEASUREMENT, EXIT_STUDY, IntegrationCase, least_study
from results import Results

PROGRAMS = {"vllm": "vllm", "sglang": "sglang", "tensorrt-llm": "trtllm-serve",
            "transformers": "transformers"}
KINDS = sorted(PROGRAMS)
STAGES = ("help", "loading", "ready", "stopping")


class AdapterCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.results = Results(self.folder / "out")

    def engine(self, kind, name=None, hang_at="", **more):
        program = self.servers_folder / PROGRAMS[kind]
        script = Path(__file__).parent / "fixtures" / "fake_engine.py"
        program.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" -B "{script}" {PROGRAMS[kind]} "$@"\n')
        program.chmod(0o755)
        env = {"FAKE_TOKAMARK": str(self.binary), "FAKE_HANG_AT": hang_at, **more.pop("env", {})}
        return {"name": name or kind, "kind": kind, "binary": str(program),
                "port": self.free_port(), "env": env, **more}

    def study(self, engines, **more):
        return self.write_study(least_study(
            "", engines=engines, model={"name": "smollm2"},
            window={"warmup_s": 0.3, "seconds": 1, "requests": 0, "probes": 1},
            client={"calibration_s": 0}, **more))

    def run_study(self, *arguments):
        """Without a GPU, which the checks would ask for."""
        return self.tokamark("run", *arguments, "--ignore-checks")

    def settings(self):
        """{engine: {setting: value}} of the run."""
        return {name: {key: found["value"] for key, found in info["settings"].items()}
                for name, info in self.results.json["manifest"]["engines"].items()}

    def rows(self):
        arm, = self.results.json["fairness"]["arms"]
        return arm["verdict"], {row["name"]: row["standing"] for row in arm["settings"]}

    def test_all_in_one_study(self):
        """Each is started in its own words, answers, and says what it runs with."""
        finished = self.run_study(
            self.study([self.engine(kind) for kind in KINDS], settings={
                "context_tokens": 4096, "dtype": "bf16", "stream_interval": 1},
                # SGLang's settings are those that the simulated server tells.
                fairness={"intended": ["context_tokens", "kv_cache_tokens"]}),
            "--output", self.results.folder)
        self.assert_nothing_left()
        self.assert_measured(finished, self.results)
        self.assertEqual(set(KINDS), {trial["engine"] for trial in self.results.trials}, finished)
        found = self.settings()
        self.assertEqual(4096, found["vllm"]["context_tokens"])
        self.assertEqual(46592, found["vllm"]["kv_cache_tokens"])
        self.assertEqual(46592, found["tensorrt-llm"]["kv_cache_tokens"])
        self.assertEqual(4096, found["tensorrt-llm"]["context_tokens"])
        self.assertEqual("bf16", found["transformers"]["dtype"])
        for kind in KINDS:
            self.assertIs(False, found[kind]["prefix_cache"], kind)
        commands = {name: info["command"]
                    for name, info in self.results.json["manifest"]["engines"].items()}
        # Its --help has only the older name of the flag.
        self.assertIn("--extra_llm_api_options", commands["tensorrt-llm"])
        self.assertIn("transformers: context_tokens 4096 has no equivalent", finished.out)

    def test_a_difference_makes_the_comparison_unequal(self):
        engines = [self.engine("vllm", "a", settings={"context_tokens": 2048}),
                   self.engine("vllm", "b", settings={"context_tokens": 4096})]
        finished = self.run_study(self.study(engines), "--output", self.results.folder)
        self.assert_error(finished, EXIT_MEASUREMENT, "not comparable", "context_tokens",
                          "fairness.intended")
        verdict, rows = self.rows()
        self.assertEqual(("unequal", "different"), (verdict, rows["context_tokens"]))
        self.assertEqual("equal", rows["dtype"])
        summary = (self.results.folder / "summary.md").read_text()
        self.assertIn("UNEQUAL: context\\_tokens differ", summary)
        self.assertIn("not compared under equal conditions", summary)
        self.assertIn("UNEQUAL", (self.results.folder / "report.html").read_text())

    def test_an_intended_difference_does_not(self):
        engines = [self.engine("vllm", "a", settings={"context_tokens": 2048}),
                   self.engine("vllm", "b", settings={"context_tokens": 4096})]
        finished = self.run_study(
            self.study(engines, fairness={"intended": ["context_tokens"]}), "--output",
            self.results.folder)
        self.assert_measured(finished, self.results)
        verdict, rows = self.rows()
        self.assertNotEqual("unequal", verdict)
        self.assertEqual("intended", rows["context_tokens"])

    def test_two_arms_are_compared_apart(self):
        """Shipped defaults differ as they do; the neutral arm must not."""
        arms = [{"name": "shipped", "defaults": "shipped"},
                {"name": "tuned", "settings": {"context_tokens": 2048}, "budget": "an hour each"}]
        engines = [self.engine("vllm", "a"), self.engine("vllm", "b"),
                   self.engine("sglang", "only", arms=["tuned"])]
        # SGLang's settings are those that the simulated server tells.
        intended = {"intended": ["context_tokens", "kv_cache_tokens"]}
        finished = self.run_study(self.study(engines, arms=arms, fairness=intended),
                                 "--output", self.results.folder)
        self.assert_measured(finished, self.results)
        found = {arm["arm"]: arm for arm in self.results.json["fairness"]["arms"]}
        self.assertEqual(["a.shipped", "b.shipped"], found["shipped"]["engines"])
        self.assertEqual(["a.tuned", "b.tuned", "only"], found["tuned"]["engines"])
        self.assertEqual("an hour each", found["tuned"]["budget"])
        commands = {name: info["command"]
                    for name, info in self.results.json["manifest"]["engines"].items()}
        self.assertNotIn("prefix-caching", commands["a.shipped"])
        self.assertIn("--no-enable-prefix-caching", commands["a.tuned"])

    def test_a_setting_twice_is_refused(self):
        engine = self.engine("vllm", settings={"context_tokens": 2048},
                             args=["--max-model-len", "1"])
        self.assert_error(self.run_study(self.study([engine]), "--output", "out"),
                          EXIT_STUDY, "args holds --max-model-len", "context_tokens")

    def kill(self, kind, stage):
        hang = "" if stage == "ready" else stage
        path = self.study([self.engine(kind, "engine", hang, stop_timeout_s=3600)])
        seconds = 1 if stage == "stopping" else 900
        program = self.start_tokamark("run", path, "--ignore-checks", "--output",
                                      self.results.folder, "--set", f"window.seconds={seconds}",
                                      "--set", "window.max_seconds=900")
        log = self.results.folder / "logs" / "r1-engine.log"
        marks = {
            "help": lambda: len(self.product_processes()) > 3,
            "loading": lambda: log.exists() and len(log.read_text()) > 10,
            "ready": lambda: "engine engine: ready" in program.out,
            "stopping": self.results.ids_on_disk}
        self.wait_for(marks[stage], f"{kind} at {stage}", program)
        program.send(signal.SIGKILL)
        program.finish()
        self.wait_until_nothing_left()

    def kill_at_each_stage(self, kind):
        for stage in STAGES:
            with self.subTest(stage=stage):
                self.results = Results(self.folder / f"out-{stage}")
                self.kill(kind, stage)

    def test_kill_sglang_at_each_stage(self):
        self.kill_at_each_stage("sglang")

    def test_kill_tensorrt_llm_at_each_stage(self):
        self.kill_at_each_stage("tensorrt-llm")

    def test_kill_transformers_at_each_stage(self):
        self.kill_at_each_stage("transformers")

    def test_kill_vllm_at_each_stage(self):
        self.kill_at_each_stage("vllm")

    def test_results_hold_the_greedy_probes(self):
        finished = self.run_study(self.study([self.engine("vllm")]), "--output",
                                 self.results.folder)
        self.assert_measured(finished, self.results)
        greedy = self.results.trials[0]["engine_info"]["greedy"]
        for when in ("before", "after"):
            self.assertEqual([12, 12, 12], [answer["output_tokens"] for answer in greedy[when]],
                             json.dumps(greedy))
