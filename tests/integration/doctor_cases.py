"""`tokamark doctor`, and the same checks before a run."""

import http.server
import json
import os
import threading

from case import EXIT_STUDY, IntegrationCase, least_study
from results import Results

HOST = tuple("host." + name for name in (
    "cpu_governor", "cpus", "load_average", "memory_available", "open_files", "port_range",
    "tcp_tw_reuse", "somaxconn", "loopback", "timer_lateness", "realtime_priority", "io_uring"))
SCOUT = "nvidia/Llama-4-Scout-17B-16E-Instruct-FP8"


class Hub:
    """A hub that answers every request with one status, and keeps what it was asked."""

    def __init__(self, case, status):
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(handler):  # noqa: N802, N805 (the names are the library's)
                self.asked.append((handler.path, handler.headers.get("Authorization")))
                handler.send_response(status)
                handler.send_header("Content-Length", "0")
                handler.end_headers()

            def log_message(handler, *_):  # noqa: N805
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        case.addCleanup(server.server_close)
        case.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"


class DoctorCase(IntegrationCase):

    def checks(self, *arguments, env=None, code=0):
        """The checks by id, from --json -."""
        finished = self.tokamark("doctor", *arguments, "--json", "-", env=env)
        self.assertEqual(code, finished.code, finished)
        checks = json.loads(finished.out)["checks"]
        for check in checks:
            self.assertEqual({"id", "status", "found", "wanted", "fix"}, set(check))
        return {check["id"]: check for check in checks}

    def hub_environment(self, hub):
        return {"HF_ENDPOINT": hub.url, "HF_HOME": str(self.folder / "hf"), "HF_HUB_CACHE": "",
                "HUGGINGFACE_HUB_CACHE": "", "HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "",
                "HF_TOKEN": "", "HUGGING_FACE_HUB_TOKEN": "", "HF_TOKEN_PATH": ""}

    def gpu_environment(self, **stub):
        """The stand-in for the driver's library, with one GPU."""
        if self.stub_nvml is None:
            self.skipTest("give the library of src/probe/stub_nvml.cc with --stub-nvml")
        libraries = self.folder / "libraries"
        libraries.mkdir(exist_ok=True)
        link = libraries / "libnvidia-ml.so.1"
        if not link.exists():
            link.symlink_to(self.stub_nvml)
        env = {f"STUB_NVML_{name.upper()}": str(value) for name, value in stub.items()}
        return {"LD_LIBRARY_PATH": str(libraries), "STUB_NVML_COUNT": "1", **env}

    def scout_study(self):
        return self.source / "studies" / "llama4-scout-h200.yaml"

    def test_every_check_is_shown(self):
        finished = self.tokamark("doctor")
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        shown = [line.split()[0] for line in finished.out.splitlines()
                 if line and line[0] != " " and line.split()[0].islower()]
        self.assertEqual(sorted([*HOST, "gpu.present"]), sorted(
            name for name in shown if name.startswith("host.") or name == "gpu.present"))
        self.assertRegex(finished.out.splitlines()[-1], r"^0 errors, \d+ warnings?; \d+ ok")
        self.assertLessEqual(max(map(len, finished.out.splitlines())), 100)

    def test_the_json_goes_to_a_file_or_to_standard_output(self):
        finished = self.tokamark("doctor", "--json", "checks.json")
        self.assertTrue(finished.out.startswith("CHECK"), finished)
        written = json.loads((self.folder / "checks.json").read_text())
        self.assertEqual(list(HOST), [check["id"] for check in written["checks"]][:len(HOST)])
        self.assertEqual(list(HOST), list(self.checks())[:len(HOST)])

    def test_a_study_too_large_is_refused_before_anything_starts(self):
        path = self.write_study(least_study(f"http://127.0.0.1:{self.free_port()}",
                                            load={"concurrency": [100_000]}))
        self.assert_error(self.tokamark("doctor", path), EXIT_STUDY, "port_range")
        folder = self.folder / "out"
        self.assert_error(self.tokamark("run", path, "--output", folder), EXIT_STUDY,
                          "cannot run the study", "port_range", "--ignore-checks")
        self.assertFalse(folder.exists())
        self.assert_nothing_left()

    def test_the_manifest_keeps_every_check(self):
        path = self.write_study(least_study(self.start_sim("tiny-vllm")))
        results = Results(self.folder / "out")
        self.tokamark("run", path, "--output", results.folder)
        manifest = json.loads((results.folder / "manifest.json").read_text(encoding="utf-8"))
        ids = [check["id"] for check in manifest["checks"]]
        self.assertEqual([*HOST, "gpu.present"], ids[:len(HOST) + 1])
        self.assertIn("disk.results", ids)
        self.assertIs(False, manifest["checks_ignored"])
        trial = results.trials[0]
        self.assertEqual([], [check["id"] for check in trial["engine_info"]["checks"]
                              if check["status"] not in ("warning", "error")])
        client = trial["client"]
        self.assertIn(client["scheduling"], ("realtime", "normal"))
        self.assertEqual("epoll", client["receive"])
        self.assertIn(client["pinning"], ("pinned", "too_few_cores", "refused"))
        self.assertGreaterEqual(client["context_switches_voluntary"], 0)

    def test_ignored_errors_are_said_and_kept(self):
        """llama.cpp in a study that states FP8 weights, which it does not have."""
        engine = self.fake_llama_engine("serve")
        model = {"name": "smollm2", "precision": "fp8", "path": engine.pop("model")}
        path = self.write_study(least_study("", engines=[engine], model=model))
        self.assert_error(self.tokamark("run", path, "--output", "out"), EXIT_STUDY,
                          "fake.known.fp8", "--ignore-checks")
        finished = self.tokamark("run", path, "--output", "out", "--ignore-checks")
        self.assertIn("error, ignored: fake.known.fp8", finished.out)
        manifest = json.loads((self.folder / "out" / "manifest.json").read_text())
        self.assertIs(True, manifest["checks_ignored"])
        self.assert_nothing_left()

    def test_the_reference_study_on_a_machine_without_a_gpu(self):
        hub = Hub(self, 200)
        env = {**self.hub_environment(hub), "HF_TOKEN": "hf_secret"}
        finished = self.tokamark("doctor", self.scout_study(), env=env)
        self.assertEqual(EXIT_STUDY, finished.code, finished)
        self.assertNotIn("hf_secret", finished.out + finished.err)
        self.assertEqual([(f"/{SCOUT}/resolve/main/config.json", "Bearer hf_secret")], hub.asked)
        checks = self.checks(self.scout_study(), env=env, code=EXIT_STUDY)
        if "gpu.driver" in checks:
            self.skipTest("this machine has a GPU")
        self.assertEqual("error", checks["gpu.present"]["status"])
        self.assertIn("1 GPU for vllm, sglang, tensorrt-llm", checks["gpu.present"]["wanted"])
        self.assertEqual("warning", checks["model.files"]["status"])
        self.assertEqual("ok", checks["model.access"]["status"])
        self.assertIn("model.disk", checks)
        for engine in ("vllm", "sglang", "tensorrt-llm"):
            self.assertEqual("skipped", checks[f"{engine}.memory"]["status"])
            self.assertIn("109 x 10^9 parameters x 1 byte (fp8) = 101.5 GiB",
                          checks[f"{engine}.memory"]["found"])
        for engine in ("vllm", "sglang"):
            self.assertEqual("error", checks[f"{engine}.launch"]["status"], checks)
            self.assertIn("environments/" + engine, checks[f"{engine}.launch"]["found"])
        self.assertIn(checks["tensorrt-llm.image"]["status"], ("error", "skipped"))
        self.assertIn("container.runtime", checks)
        self.assertEqual("error", checks["tensorrt-llm.known.no_gpu"]["status"])

    def test_a_gated_model_is_refused(self):
        checks = self.checks(self.scout_study(), env=self.hub_environment(Hub(self, 401)),
                             code=EXIT_STUDY)
        self.assertEqual("error", checks["model.access"]["status"])
        self.assertIn("HTTP 401 without a token", checks["model.access"]["found"])
        self.assertIn("HF_TOKEN", checks["model.access"]["fix"])

    def test_fp8_weights_on_a_card_of_80_gb_are_refused_with_the_arithmetic(self):
        env = {**self.hub_environment(Hub(self, 200)),
               **self.gpu_environment(name="NVIDIA H100 80GB HBM3")}
        checks = self.checks(self.scout_study(), env=env, code=EXIT_STUDY)
        memory = checks["vllm.memory"]
        self.assertEqual("error", memory["status"])
        self.assertEqual("109 x 10^9 parameters x 1 byte (fp8) = 101.5 GiB", memory["found"])
        self.assertEqual("at most 71.6 GiB: 92 % of 80.0 GiB of NVIDIA H100 80GB HBM3, less 2 GiB "
                         "for activations and graphs", memory["wanted"])
        self.assertEqual("error", checks["gpu.model"]["status"])
        env.update(self.gpu_environment(name="NVIDIA H200", memory_gib=140))
        checks = self.checks(self.scout_study(), env=env, code=EXIT_STUDY)
        for check in ("gpu.present", "gpu.model", "gpu.processes", "gpu.mig", "vllm.memory",
                      "sglang.memory", "tensorrt-llm.memory", "vllm.gpu"):
            self.assertEqual("ok", checks[check]["status"], checks[check])
        env.update(self.gpu_environment(name="NVIDIA H200", memory_gib=140, mig=1,
                                        power_limit_w=350, persistence=0, count=2, pid=os.getpid()))
        checks = self.checks(self.scout_study(), env=env, code=EXIT_STUDY)
        self.assertEqual(["error", "error", "warning", "warning"],
                         [checks[f"gpu.{name}"]["status"]
                          for name in ("mig", "processes", "power_limit", "persistence")])
        self.assertIn(f"pid {os.getpid()} (python3", checks["gpu.processes"]["found"])

    def test_only_the_engines_of_the_run_are_checked(self):
        checks = self.checks(self.scout_study(), "--engine", "vllm.shipped",
                             env=self.hub_environment(Hub(self, 200)), code=EXIT_STUDY)
        self.assertIn("vllm.shipped.launch", checks)
        self.assertFalse([check for check in checks if check.startswith("sglang")])
