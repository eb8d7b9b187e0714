"""`tokamark doctor`, and the same checks before a run."""

import json

from case import EXIT_STUDY, IntegrationCase, least_study
from results import Results

NAMES = ("cpu_governor", "cpus", "load_average", "memory_available", "open_files", "port_range",
         "tcp_tw_reuse", "somaxconn", "loopback", "timer_lateness", "realtime_priority", "io_uring")


class DoctorCase(IntegrationCase):

    def test_every_check_is_shown(self):
        finished = self.tokamark("doctor")
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        shown = [line.split()[0] for line in finished.out.splitlines() if line[0] != " "]
        self.assertEqual(["CHECK", *NAMES], shown)

    def test_a_study_too_large_is_refused_before_anything_starts(self):
        path = self.write_study(least_study(f"http://127.0.0.1:{self.free_port()}",
                                            load={"concurrency": [100_000]}))
        self.assert_error(self.tokamark("doctor", path), EXIT_STUDY, "port_range")
        folder = self.folder / "out"
        self.assert_error(self.tokamark("run", path, "--output", folder), EXIT_STUDY,
                          "cannot run the study", "port_range")
        self.assertFalse(folder.exists())
        self.assert_nothing_left()

    def test_the_manifest_keeps_every_check(self):
        path = self.write_study(least_study(self.start_sim("tiny-vllm")))
        results = Results(self.folder / "out")
        self.tokamark("run", path, "--output", results.folder)
        manifest = json.loads((results.folder / "manifest.json").read_text(encoding="utf-8"))
        self.assertEqual(list(NAMES), [check["name"] for check in manifest["host_checks"]])
        client = results.trials[0]["client"]
        self.assertIn(client["scheduling"], ("realtime", "normal"))
        self.assertEqual("epoll", client["receive"])
        self.assertIn(client["pinning"], ("pinned", "too_few_cores", "refused"))
        self.assertGreaterEqual(client["context_switches_voluntary"], 0)
