"""GPU readings from the driver's library to the verdict, with a stand-in for that library
(src/probe/stub_nvml.cc): two GPUs, of which the second draws 700 W at 1980 MHz."""

import json
import subprocess

import fault_checks
from case import IntegrationCase
from fault_table import GPU
from results import Results


class GpuCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        if self.stub_nvml is None:
            self.skipTest("give the library of src/probe/stub_nvml.cc with --stub-nvml")
        libraries = self.folder / "libraries"
        libraries.mkdir()
        (libraries / "libnvidia-ml.so.1").symlink_to(self.stub_nvml)
        self.libraries = str(libraries)
        self.results = Results(self.folder / "out")

    def measure(self, engines=("sim",), validity=None, engine_listed=False, engine_env=None,
                **stub):
        """The trials of a short study on engines of these names; the driver may list the first."""
        study = {"model": {"name": "m"},
                 "engines": [{"name": name, "kind": "simulated", "profile": "tiny-vllm",
                              "port": self.free_port(), "env": engine_env or {}}
                             for name in engines],
                 "workloads": [{"name": "chat", "input_tokens": 16, "output_tokens": 8}],
                 "load": {"concurrency": [2]}, "client": {"calibration_s": 0},
                 "validity": validity or {}, "timeouts": {"cooldown_s": 0}, "repeats": 1,
                 "window": {"warmup_s": 0.2, "seconds": 1, "requests": 0, "probes": 1}}
        if engine_listed:
            stub["sim_port"] = study["engines"][0]["port"]
        env = {f"STUB_NVML_{name.upper()}": str(value) for name, value in stub.items()}
        # A sanitizer's own libraries are found by their full path.
        finished = self.tokamark("run", self.write_study(study), "--output", self.results.folder,
                                 env={"LD_LIBRARY_PATH": self.libraries, **env})
        self.assertTrue((self.results.folder / "results.json").exists(), finished)
        return self.results.trials

    def expect(self, name, trials):
        """Holds the trials against the scene of this name; later trials are of another folder."""
        scene = GPU[name]
        for trial in trials:
            wrong = fault_checks.wrong_codes(scene.codes, trial)
            fault_checks.print_table(
                ("what the driver says", "expected", "raised", "pass"),
                [(scene.told, fault_checks.listed(scene.codes), fault_checks.raised(trial),
                  "no" if wrong else "yes")])
            self.assertEqual([], wrong)
        self.results = Results(self.folder / f"after-{name}")

    def test_readings_reach_results_and_telemetry(self):
        trial = self.measure(engines=("a", "b"))[1]
        resources = trial["resources"]
        self.assertEqual(1980, resources["gpu_sm_clock_mean_mhz"])
        self.assertEqual(40, resources["gpu_temperature_start_c"])
        self.assertEqual(40, resources["gpu_temperature_peak_c"])
        self.assertEqual(0, resources["gpu_slowdown_share"])
        # The stand-in gains 3 J a look, and there are ten of them a second.
        self.assertGreater(resources["gpu_energy_j"], 3)
        self.assertLessEqual(resources["gpu_energy_j"], 60)
        window = trial["window"]
        self.assertAlmostEqual(resources["gpu_power_mean_w"] * (window["end_s"] - window["start_s"]),
                               resources["gpu_energy_j"])
        # The counters' 3 J a look are no 800 W, but in a window this short nobody is held to that.
        self.assertAlmostEqual(resources["gpu_energy_by_power_j"],
                               800 * (window["end_s"] - window["start_s"]))
        tokens = trial["metrics"]["output_tokens_per_s"] * (window["end_s"] - window["start_s"])
        self.assertAlmostEqual(resources["gpu_energy_per_output_token_j"] * tokens,
                               resources["gpu_energy_j"])
        self.assertEqual(800, resources["gpu_power_idle_w"])
        self.assertEqual(6 << 30, resources["vram_idle_bytes"])
        self.assertEqual("reservation", resources["vram_peak_kind"])
        self.assertLess(resources["gpu_sample_gap_s"], 1)
        self.assertIsNone(resources["gpu_other_processes"])
        self.assertIn("lists none of the engine's", resources["reasons"]["gpu_other_processes"])
        path = self.results.folder / "trials" / trial["id"] / "telemetry.jsonl.zst"
        text = subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout
        sample = json.loads(text.decode().splitlines()[1])
        self.assertEqual([100.0, 700.0], sample["gpu_power_w"])
        self.assertEqual([0, None], sample["gpu_ecc_errors"])
        self.assertEqual([[], [{"pid": 1, "used_bytes": None}, {"pid": 1, "used_bytes": 3 << 30}]],
                         sample["gpu_processes"])

    def test_an_engine_on_the_cpu_has_no_gpu_memory_and_energy(self):
        trial = self.measure(engine_env={"VLLM_CPU_KVCACHE_SPACE": "1"})[0]
        resources = trial["resources"]
        for name in ("vram_idle_bytes", "vram_peak_bytes", "gpu_energy_j",
                     "gpu_energy_per_output_token_j", "gpu_power_mean_w"):
            self.assertIsNone(resources[name], name)
            self.assertEqual("the engine was told to compute on the CPU", resources["reasons"][name])
        self.assertGreater(resources["rss_peak_bytes"], 0)

    def test_hardware_that_slows_down_is_found(self):
        self.expect("slowed", self.measure(throttle=0x40))
        self.expect("capped", self.measure(throttle=0x04))

    def test_another_process_on_the_gpu_is_found(self):
        trials = self.measure(engine_listed=True, others=2)
        self.assertEqual(2, trials[0]["resources"]["gpu_other_processes"])
        self.expect("shared", trials)
        self.expect("alone", self.measure(engine_listed=True, others=0))

    def test_a_hot_machine_is_dirty(self):
        """The second GPU is four degrees hotter at each look, and does not cool."""
        self.expect("hot", self.measure(heating=4))
        self.expect("warm", self.measure(validity={"start_temperature_c": 5}, heating=4))

    def test_the_documentation_has_every_row(self):
        page = (self.source / "docs" / "FAULT_SUITE.md").read_text()
        for scene in GPU.values():
            codes = fault_checks.listed(scene.codes)
            self.assertIn(f"| {scene.told} | {codes} | {codes} | yes |", page)
