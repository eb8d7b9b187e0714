"""Faults of the client itself (M3, M4, M37), planted with tests/faults/slow_client.c or signals.

The engine is a process of its own and is left alone. Its steps take about 12 ms, so that a delay of
some milliseconds does not merge its events.
"""

import os
import signal
import time

import fault_checks
from case import IntegrationCase
from fault_table import CLIENT as CLIENT_SCENES
from results import Results

STOPPED_S, RUNNING_S = 0.01, 0.09
CLOSED = {"concurrency": [1]}
OPEN = {"rate_per_s": [40], "arrivals": "poisson"}
APART = {"rate_per_s": [10], "arrivals": "constant"}


class ClientFaults(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.truth = self.folder / "truth.jsonl"
        self.results = Results(self.folder / "out")

    def start(self, load, calibration_s, env=None, profile="llama4-scout-h200-vllm", tokens=8):
        """A trial of at least 20 requests, which a median needs."""
        engine = {"name": "sim", "kind": "simulated", "profile": profile,
                  "port": self.free_port(), "args": ["--truth-file", str(self.truth)]}
        study = {"model": {"name": "smollm2"}, "engines": [engine],
                 "workloads": [{"name": "chat", "input_tokens": 32, "output_tokens": tokens}],
                 "load": load, "client": {"calibration_s": calibration_s}, "repeats": 1,
                 "window": {"warmup_s": 0.3, "seconds": 3.5, "requests": 0, "probes": 1}}
        return self.start_tokamark("run", self.write_study(study), "--output",
                                   self.results.folder, env=env)

    def slowed(self, load, calibration_s=1, engine=None, **settings):
        """A trial under the library with these settings of it."""
        if self.slow_client is None:
            self.skipTest("give the library of tests/faults with --slow-client")
        # A sanitizer's runtime wants to be loaded first, and need not be.
        sanitizer = ":".join(filter(None, (os.environ.get("ASAN_OPTIONS"),
                                           "verify_asan_link_order=0")))
        env = {f"TOKAMARK_{name.upper()}": str(value) for name, value in settings.items()}
        return self.start(load, calibration_s, {"LD_PRELOAD": str(self.slow_client),
                                                "ASAN_OPTIONS": sanitizer, **env},
                          **(engine or {}))

    def expect(self, name, program):
        """The trial of the scene of this name, which must have raised its codes."""
        scene = CLIENT_SCENES[name]
        finished = program.finish()
        self.assertTrue((self.results.folder / "results.json").exists(), finished)
        trial = self.results.trials[0]
        wrong = fault_checks.wrong_codes(scene.codes, trial)
        fault_checks.print_table(
            ("client fault", "expected", "raised", "pass"),
            [(scene.told, fault_checks.listed(scene.codes), fault_checks.raised(trial),
              "no" if wrong else "yes")])
        self.assertEqual([], wrong, finished)
        return trial

    def test_every_scene_has_a_test_and_a_line_in_the_documentation(self):
        page = (self.source / "docs" / "FAULT_SUITE.md").read_text()
        for name, scene in CLIENT_SCENES.items():
            self.assertTrue(hasattr(self, f"test_{name}"), name)
            self.assertIn(f"| {scene.told} | {fault_checks.listed(scene.codes)} |", page)

    def test_no_fault(self):
        """The library by itself does nothing."""
        self.expect("no_fault", self.slowed(CLOSED))

    def test_throttled_sender(self):
        self.expect("throttled_sender", self.slowed(OPEN, calibration_s=0, slow_send_us=8000))

    def test_delayed_reader(self):
        self.expect("delayed_reader", self.slowed(CLOSED, slow_read_us=5000, no_kernel_stamps=1))

    def test_slightly_delayed_reader(self):
        """The limit is 2 % of a TTFT of 37 ms."""
        self.expect("slightly_delayed_reader",
                    self.slowed(CLOSED, slow_read_us=1000, no_kernel_stamps=1))

    def test_delayed_reader_with_kernel_stamps(self):
        """The same delay does no harm where the kernel stamps, and is told."""
        trial = self.expect("delayed_reader_with_kernel_stamps",
                            self.slowed(CLOSED, slow_read_us=600))
        self.assertGreaterEqual(trial["client"]["receive_delay_ms"]["p50"], 0.6)
        self.assertEqual([], fault_checks.figures_are_true(
            trial, self.results.records(trial["id"]), fault_checks.read_truth(self.truth)))

    def test_delayed_reader_of_short_answers(self):
        """A lag that is small beside 12 ms keeps a seventh of a stream of 2 ms answers idle."""
        self.expect("delayed_reader_of_short_answers",
                    self.slowed(CLOSED, calibration_s=0, slow_read_us=300,
                                engine={"profile": "tiny-vllm", "tokens": 1}))

    def test_delayed_reader_of_many_events(self):
        """Two or three events arrive while one read is late."""
        self.expect("delayed_reader_of_many_events", self.many_events(5000))

    def test_prompt_reader_of_many_events(self):
        self.expect("prompt_reader_of_many_events", self.many_events(300))

    def many_events(self, slow_read_us):
        """Answers of 70 ms, one at a time: no send waits for a read that is late."""
        return self.slowed(APART, calibration_s=0, slow_read_us=slow_read_us,
                           engine={"profile": "tiny-vllm", "tokens": 32})

    def test_clock_step(self):
        self.expect("clock_step",
                    self.slowed(CLOSED, calibration_s=0, clock_step_ms=50, clock_step_after_s=3))

    def test_starved_of_cpu(self):
        """The load generator loses the processor for 10 ms ten times a second."""
        program = self.start(OPEN, calibration_s=0)
        while program.running():
            program.send(signal.SIGSTOP)
            time.sleep(STOPPED_S)
            program.send(signal.SIGCONT)
            time.sleep(RUNNING_S)
        self.expect("starved_of_cpu", program)
