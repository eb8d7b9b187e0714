"""Faults of the client itself (M3, M4, M37), planted with tests/faults/slow_client.c or signals.

The engine is a process of its own and is left alone. Its steps take about 12 ms, so that a delay of
some milliseconds does not merge its events.
"""

import os
import signal
import time

import fault_checks
from case import IntegrationCase
from results import Results

STOPPED_S, RUNNING_S = 0.01, 0.09
CLOSED = {"concurrency": [1]}
OPEN = {"rate_per_s": [40], "arrivals": "poisson"}


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

    def expect(self, fault, codes, program):
        finished = program.finish()
        self.assertTrue((self.results.folder / "results.json").exists(), finished)
        trial = self.results.trials[0]
        wrong = fault_checks.wrong_codes(codes, trial)
        fault_checks.print_table(
            ("client fault", "expected", "raised", "pass"),
            [(fault, fault_checks.listed(codes), fault_checks.raised(trial),
              "no" if wrong else "yes")])
        self.assertEqual([], wrong, finished)
        return trial

    def test_no_fault(self):
        """The library by itself does nothing."""
        self.expect("none", set(), self.slowed(CLOSED))

    def test_throttled_sender(self):
        self.expect("every send takes 8 ms more, at 40 requests/s", {"client_late"},
                    self.slowed(OPEN, calibration_s=0, slow_send_us=8000))

    def test_delayed_reader(self):
        self.expect("reads 5 ms late, without kernel stamps", {"client_inaccurate"},
                    self.slowed(CLOSED, slow_read_us=5000, no_kernel_stamps=1))

    def test_slightly_delayed_reader(self):
        """The limit is 2 % of a TTFT of 37 ms."""
        self.expect("reads 1 ms late, without kernel stamps", {"client_inaccurate"},
                    self.slowed(CLOSED, slow_read_us=1000, no_kernel_stamps=1))

    def test_delayed_reader_with_kernel_stamps(self):
        """The same delay does no harm where the kernel stamps, and is told."""
        trial = self.expect("reads 0.6 ms late, with kernel stamps", set(),
                            self.slowed(CLOSED, slow_read_us=600))
        self.assertGreaterEqual(trial["client"]["receive_delay_ms"]["p50"], 0.6)
        self.assertEqual([], fault_checks.figures_are_true(
            trial, self.results.records(trial["id"]), fault_checks.read_truth(self.truth)))

    def test_delayed_reader_of_short_answers(self):
        """A lag that is small beside 12 ms keeps a seventh of a stream of 2 ms answers idle."""
        self.expect("reads 0.3 ms late, with kernel stamps, answers of 2 ms", {"client_limited"},
                    self.slowed(CLOSED, calibration_s=0, slow_read_us=300,
                                engine={"profile": "tiny-vllm", "tokens": 1}))

    def test_clock_step(self):
        self.expect("the wall clock jumps by 50 ms", {"clock_stepped"},
                    self.slowed(CLOSED, calibration_s=0, clock_step_ms=50, clock_step_after_s=3))

    def test_starved_of_cpu(self):
        """The load generator loses the processor for 10 ms ten times a second."""
        program = self.start(OPEN, calibration_s=0)
        while program.running():
            program.send(signal.SIGSTOP)
            time.sleep(STOPPED_S)
            program.send(signal.SIGCONT)
            time.sleep(RUNNING_S)
        self.expect("stopped for 10 ms of every 100 ms", {"client_late"}, program)
