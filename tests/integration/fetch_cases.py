"""`tokamark fetch` with the real huggingface_hub, against a hub of our own."""

import fcntl
import os
import signal
import subprocess
import sys

from case import (EXIT_ENGINE, EXIT_INTERRUPTED, EXIT_OUTPUT, EXIT_STUDY, EXIT_USAGE,
                  SERVER_MARK, IntegrationCase, least_study)
from program import Program

CLIENT = "huggingface_hub==2.4.0"
# The mounts of a rented container, whose volume is {volume}.
CONTAINER = """overlay / overlay rw,relatime 0 0
proc /proc proc rw,nosuid 0 0
{device} /etc/hosts ext4 rw,relatime 0 0
volumes {volume} fuse rw,relatime 0 0
"""


class FetchCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.venv = self.client_environment()
        self.log = self.servers_folder / "hub.log"
        self.hold = self.servers_folder / "hold"
        script = self.source / "tests" / "integration" / "fixtures" / "fake_hub.py"
        hub = Program([sys.executable, "-B", script, self.log, self.hold], self.servers_folder,
                      self._environment(SERVER_MARK))
        self.url = self.wait_for(lambda: hub.out.strip(), "the hub names its address", hub)
        self.cache = self.folder / "home" / "hub"

    def client_environment(self):
        """.cache/hub-client of the repository: an environment with the client, made once."""
        folder = self.source / ".cache" / "hub-client"
        folder.parent.mkdir(exist_ok=True)
        with open(folder.with_suffix(".lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            ready = folder / "READY"
            if ready.exists() and ready.read_text() == CLIENT:
                return folder
            subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True,
                           capture_output=True)
            done = subprocess.run([folder / "bin" / "pip", "install", "--quiet", CLIENT],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.skipTest(f"{CLIENT} cannot be installed: {done.stderr.strip()[-300:]}")
            ready.write_text(CLIENT)
        return folder

    def environment(self, token="", **more):
        return {"HF_ENDPOINT": self.url, "HF_HOME": str(self.folder / "home"), "HF_TOKEN": token,
                "HF_HUB_OFFLINE": "0", "HF_HUB_CACHE": str(self.cache), **more}

    def fetch(self, *arguments, token="", **more):
        return self.tokamark("fetch", "--venv", self.venv, *arguments,
                             env=self.environment(token, **more))

    def requests(self, word):
        text = self.log.read_text() if self.log.exists() else ""
        return [line for line in text.splitlines() if word in line]

    def assert_refused(self, finished, code, *parts):
        self.assert_error(finished, code, *parts)
        self.assertEqual([], self.requests("/resolve/"), "files were asked for")

    def test_a_model_is_fetched_once(self):
        looked = self.fetch("acme/open", "--dry-run")
        self.assertEqual((0, ""), (looked.code, looked.err), looked)
        self.assertIn("3 files to download, 600.0 kB", looked.out)
        self.assertEqual([], self.requests("/resolve/"))
        first = self.fetch("acme/open")
        self.assertEqual((0, ""), (first.code, first.err), first)
        snapshot = next((self.cache / "models--acme--open" / "snapshots").iterdir())
        self.assertEqual(b"1" * 300_000, (snapshot / "weights-1.bin").read_bytes())
        before = len(self.requests("/resolve/"))
        second = self.fetch("acme/open")
        self.assertEqual((0, ""), (second.code, second.err), second)
        self.assertIn("nothing to download", second.out)
        self.assertEqual(before, len(self.requests("/resolve/")))
        self.assert_nothing_left()

    def test_an_interrupted_download_goes_on(self):
        self.hold.touch()
        blobs = self.cache / "models--acme--open" / "blobs"
        # A file counts as here when the snapshot names it, a moment after its bytes are whole.
        snapshots = self.cache / "models--acme--open" / "snapshots"
        program = self.start_tokamark("fetch", "--venv", self.venv, "acme/open",
                                      env=self.environment())
        self.wait_for(lambda: len(list(snapshots.glob("*/*"))) == 2 and
                      any(line.startswith("GET ") for line in self.requests("weights-2.bin")),
                      "two of three files are whole, and the third has begun", program)
        program.send(signal.SIGINT)
        finished = program.finish()
        self.assertEqual(EXIT_INTERRUPTED, finished.code, finished)
        self.assert_nothing_left()
        self.assertEqual(2, len(os.listdir(blobs)), "a piece that nobody can continue was left")
        self.hold.unlink()
        again = self.fetch("acme/open")
        self.assertEqual((0, ""), (again.code, again.err), again)
        self.assertIn("1 files to download, 300.0 kB", again.out)
        self.assertEqual(1, len(self.requests("GET /acme/open/resolve/")) - 3,
                         "whole files were fetched again")

    def test_a_gated_model_needs_a_classic_token_and_its_licence(self):
        self.assert_refused(self.fetch("acme/gated"), EXIT_STUDY, "gated", "no token", "READ")
        self.assert_refused(self.fetch("acme/gated", token="fine"), EXIT_STUDY, "fine-grained")
        self.assert_refused(self.fetch("acme/gated", token="stranger"), EXIT_STUDY,
                            "licence was not accepted", f"{self.url}/acme/gated")
        wrong = self.fetch("acme/gated", token="hf_secret")
        self.assert_refused(wrong, EXIT_STUDY, "does not know the token")
        self.assertNotIn("hf_secret", wrong.out + wrong.err)
        good = self.fetch("acme/gated", token="reader")
        self.assertEqual((0, ""), (good.code, good.err), good)

    def test_every_refusal_comes_before_the_first_byte(self):
        self.assert_refused(self.fetch("acme/huge"), EXIT_OUTPUT, "too little space", "1000.0 TB")
        self.assert_refused(self.fetch("acme/nothing"), EXIT_STUDY, "does not know it")
        self.assert_refused(self.fetch("acme/open", "--revision", "v9"), EXIT_STUDY, '"v9"')
        self.assert_refused(self.fetch("acme/open", "--include", "*.gguf"), EXIT_STUDY, "--include")
        self.assert_refused(self.fetch("acme/open", HF_HUB_OFFLINE="1"), EXIT_STUDY,
                            "HF_HUB_OFFLINE")
        down = f"http://127.0.0.1:{self.free_port()}"
        self.assert_refused(self.fetch("acme/open", HF_ENDPOINT=down), EXIT_ENGINE,
                            "the hub cannot be asked")

    def test_a_cache_that_ends_with_the_container_is_refused(self):
        volume = self.folder / "volume"
        volume.mkdir()
        mounts = self.folder / "mounts"
        mounts.write_text(CONTAINER.format(device="/dev/sda1", volume=volume))
        seen = {"TOKAMARK_MOUNTS": str(mounts)}
        self.assert_refused(self.fetch("acme/open", **seen), EXIT_STUDY, "container's own disk",
                            f"--cache {volume}/huggingface/hub")
        taken = self.fetch("acme/open", "--ephemeral", "--dry-run", **seen)
        self.assertEqual((0, ""), (taken.code, taken.err), taken)
        moved = self.fetch("acme/open", "--cache", volume / "hub", **seen)
        self.assertEqual((0, ""), (moved.code, moved.err), moved)
        self.assertTrue((volume / "hub" / "models--acme--open").exists())

    def test_only_matching_files_are_fetched(self):
        finished = self.fetch("acme/open", "--include", "*.json")
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        self.assertEqual({"/config.json"},
                         {line[line.rindex("/"):] for line in self.requests("GET /acme/open/res")})

    def test_a_study_names_its_models(self):
        local = self.folder / "model.gguf"
        local.write_bytes(b"GGUF")
        cache = self.folder / "elsewhere"
        engines = [{"name": "a", "kind": "vllm", "venv": str(self.venv),
                    "env": {"HF_HUB_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}},
                   {"name": "b", "kind": "vllm", "venv": str(self.venv), "port": 8001,
                    "env": {"HF_HUB_CACHE": str(cache)}},
                   {"name": "c", "kind": "llama-cpp", "model": str(local)},
                   {"name": "d", "kind": "openai", "url": "http://127.0.0.1:9"}]
        study = self.write_study(least_study("", model={"name": "acme/open"}, engines=engines))
        finished = self.tokamark("fetch", "--study", study, env=self.environment())
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        self.assertEqual(1, finished.out.count("download acme/open (0 s)\n"), finished)
        self.assertTrue((cache / "models--acme--open").exists())
        none = self.tokamark("fetch", "--study", study, "--engine", "c", env=self.environment())
        self.assertIn("nothing to fetch", none.out)
        self.assert_error(self.tokamark("fetch", "--study", study, "--engine", "x"), EXIT_USAGE,
                          '"x"')

    def test_bad_usage(self):
        self.assert_error(self.tokamark("fetch"), EXIT_USAGE, "OWNER/NAME")
        self.assert_error(self.tokamark("fetch", "a/b", "--engine", "vlm"), EXIT_USAGE, "llama-cpp")
        self.assert_error(self.tokamark("fetch", "a/b", env={"VIRTUAL_ENV": "/nowhere"}),
                          EXIT_ENGINE, "tokamark setup")
