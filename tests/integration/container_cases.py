"""Engines in container images, with a real podman: an image that holds the simulated engine under
the name of trtllm-serve, made here from this machine's own files, or with TOKAMARK_CONTAINER_ROOT=DIR
from a root that debootstrap made. Skipped, with the reason, where podman cannot run a container."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

from case import EXIT_ENGINE, IntegrationCase, least_study
from results import Results

IMAGE = "localhost/tokamark-test/trtllm:1"
TOOLS = ("sh", "cat", "sleep")
CALL_S = 120


def live_folders(root):
    """What copytree leaves out: debootstrap may leave this machine's /proc mounted in its root."""
    return lambda folder, names: {"dev", "proc", "sys"} & set(names) if folder == root else set()


class ContainerCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.results = Results(self.folder / "out")
        real = shutil.which("podman")
        if real is None:
            self.skipTest("podman is not installed (tools/install-packages test)")
        # A store of its own, and settings with which it runs inside of another container too.
        self.store = self.servers_folder / "store"
        (self.servers_folder / "containers.conf").write_text(
            "[containers]\ndefault_ulimits = []\n"
            '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n')
        tools = self.servers_folder / "bin"
        tools.mkdir()
        wrapper = tools / "podman"
        wrapper.write_text(
            f'#!/bin/sh\nCONTAINERS_CONF="{self.servers_folder}/containers.conf" exec "{real}" '
            f'--root "{self.store}/root" --runroot "{self.store}/run" --tmpdir "{self.store}/tmp" '
            '"$@"\n')
        wrapper.chmod(0o755)
        self.env = {"PATH": f"{tools}:{os.environ['PATH']}"}
        self.addCleanup(self.podman, "rmi", "--all", "--force")
        self.addCleanup(self.podman, "rm", "--all", "--force", "--time", "0")
        self.make_image()

    def podman(self, *arguments, **more):
        return subprocess.run(["podman", *arguments], env={**os.environ, **self.env}, text=True,
                              capture_output=True, timeout=CALL_S, check=False, **more)

    def make_image(self):
        root = self.servers_folder / "image"
        binary = root / "usr" / "bin"
        base = os.environ.get("TOKAMARK_CONTAINER_ROOT")
        if base:
            shutil.copytree(base, root, symlinks=True, ignore=live_folders(base))
        else:
            binary.mkdir(parents=True)
            (root / "bin").symlink_to("usr/bin")
            for tool in TOOLS:
                shutil.copy(Path(shutil.which(tool)).resolve(), binary / tool)
        subprocess.run(["strip", "-o", binary / "tokamark", self.binary], check=True)
        shutil.copy(Path(__file__).parent / "fixtures" / "trtllm-serve", binary)
        for program in (self.binary, *(binary / tool for tool in TOOLS)):
            self.copy_libraries(program, root)
        archive = self.servers_folder / "image.tar"
        subprocess.run(["tar", "-C", root, "-cf", archive, "."], check=True)
        made = self.podman("import", str(archive), IMAGE)
        tried = self.podman("run", "--rm", "--network", "host", IMAGE, "sh", "-c", ":")
        if made.returncode != 0 or tried.returncode != 0:
            self.skipTest(f"podman runs no container here: {made.stderr} {tried.stderr}")

    def copy_libraries(self, program, root):
        listed = subprocess.run(["ldd", program], text=True, capture_output=True, check=True).stdout
        for word in listed.split():
            place = root / word.lstrip("/")
            if word.startswith("/") and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(Path(word).resolve(), place)

    def engine(self, hang_at="", **more):
        return {"name": "engine", "kind": "tensorrt-llm", "image": IMAGE,
                "container_runtime": "podman", "port": self.free_port(),
                "env": {"FAKE_HANG_AT": hang_at}, **more}

    def study(self, engine):
        weights = self.servers_folder / "weights"
        weights.mkdir(exist_ok=True)
        (weights / "config.json").write_text("{}")
        return self.write_study(least_study(
            "", engines=[engine], model={"name": "smollm2", "path": str(weights)},
            settings={"context_tokens": 4096, "kv_cache_dtype": "fp8"}))

    def run_study(self, *arguments, **more):
        """Without a GPU, which the checks would ask for."""
        return self.tokamark("run", *arguments, "--ignore-checks", **more)

    def containers(self):
        return self.podman("ps", "--all", "--quiet").stdout.split()

    def assert_no_container(self):
        self.wait_for(lambda: not self.containers(), "containers were left behind")

    def test_a_study_in_a_container(self):
        finished = self.run_study(self.study(self.engine()), "--output",
                                 self.results.folder, env=self.env)
        self.assert_measured(finished, self.results)
        self.assertEqual([], self.containers())
        self.assert_nothing_left()
        trial, = self.results.trials
        self.assertGreater(trial["counts"]["succeeded"], 0, finished)
        # The processes inside are the engine's, though this program did not start them.
        self.assertGreater(trial["resources"]["rss_peak_bytes"], 1_000_000, finished)
        info = trial["engine_info"]
        self.assertEqual(IMAGE, info["image"]["name"])
        self.assertEqual(64, len(info["image"]["id"].split(":")[-1]))
        found = {name: setting["value"] for name, setting in info["settings"].items()}
        self.assertEqual((46592, "fp8", False, 4096), (
            found["kv_cache_tokens"], found["kv_cache_dtype"], found["prefix_cache"],
            found["context_tokens"]))
        log = (self.results.folder / "logs" / "r1-engine.log").read_text()
        self.assertIn("enable_block_reuse: false", log)  # the mounted file was read inside
        self.assertIn("container: exit code", log)

    def kill(self, stage, victim):
        path = self.study(self.engine("" if stage == "ready" else stage, stop_timeout_s=3600))
        program = self.start_tokamark("run", path, "--ignore-checks", "--output",
                                      self.results.folder, env=self.env)
        marks = {
            "help": lambda: "hangs at help" in self.log(".help"),
            "loading": lambda: "hangs at loading" in self.log(".log"),
            "ready": lambda: "engine engine: ready" in program.out,
            "stopping": self.results.ids_on_disk}
        self.wait_for(marks[stage], stage, program)
        self.assertEqual(1, len(self.containers()))
        victim(program)
        return program

    def log(self, suffix):
        path = self.results.folder / "logs" / f"r1-engine{suffix}"
        return path.read_text() if path.exists() else ""

    def test_kill_at_each_stage_leaves_no_container(self):
        for stage in ("help", "loading", "ready", "stopping"):
            with self.subTest(stage=stage):
                self.results = Results(self.folder / f"out-{stage}")
                program = self.kill(stage, lambda program: program.send(signal.SIGKILL))
                program.finish()
                self.wait_until_nothing_left()
                self.assert_no_container()

    def test_a_killed_guardian_leaves_no_container(self):
        def kill_guardian(_):
            guardian, = [pid for pid, command in self.product_processes()
                         if "--tokamark-guardian" in command]
            os.kill(guardian, signal.SIGKILL)

        program = self.kill("ready", kill_guardian)
        finished = program.finish()
        self.assertEqual(EXIT_ENGINE, finished.code, finished)
        self.assert_no_container()
        self.wait_until_nothing_left()

    def test_a_missing_image_is_named(self):
        engine = self.engine(image="localhost/none:1")
        finished = self.run_study(self.study(engine), "--output", self.results.folder,
                                 env=self.env)
        self.assertEqual(EXIT_ENGINE, finished.code, finished)
        self.assertIn("localhost/none:1", finished.err)
        self.assertIn("tokamark setup", finished.err)
        self.assertEqual([], self.containers())
