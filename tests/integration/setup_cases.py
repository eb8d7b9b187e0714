"""`tokamark setup`: environments of small packages made here, a runtime that only says what a real
one would, and llama.cpp from PyPI."""

import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

from case import (EXIT_ENGINE, EXIT_INTERRUPTED, EXIT_OUTPUT, EXIT_USAGE, IntegrationCase,
                  least_study)

DIGEST = "sha256:" + "ab" * 32
DOCKER = """#!/bin/sh
echo "$*" >>"{log}"
case "$*" in
  "manifest inspect acme/engine:1") echo '{{"manifests": [
    {{"digest": "sha256:a", "platform": {{"architecture": "amd64", "os": "linux"}}}},
    {{"digest": "sha256:a", "platform": {{"architecture": "arm64", "os": "linux"}}}}]}}' ;;
  "manifest inspect acme/engine@sha256:a") echo '{{"layers": [{{"size": {size}}}]}}' ;;
  "info --format {{{{.DockerRootDir}}}}") echo "{storage}" ;;
  "pull acme/engine:1") echo "Pull complete"; touch "{log}.pulled" ;;
  "pull acme/missing:1") echo "Error: no such image" >&2; exit 1 ;;
  "image inspect"*) [ -e "{log}.pulled" ] || exit 1; echo '["acme/engine@{digest}"]' ;;
  *) exit 1 ;;
esac
"""

# What uv writes, cut short: one wheel that no machine of ours takes and one that all do; a source
# archive alone; and a file whose size nobody says, on a server that is not there.
LOCK = """lock-version = "1.0"
[[packages]]
name = "a"
version = "1"
wheels = [{ url = "http://127.0.0.1:9/a-1-cp39-cp39-win32.whl", size = 1 },
          { url = "http://127.0.0.1:9/a-1-py3-none-any.whl", size = 20 }]
[[packages]]
name = "b"
version = "2"
sdist = { url = "http://127.0.0.1:9/b-2.tar.gz", size = 300 }
[[packages]]
name = "c"
version = "3"
wheels = [{ url = "http://127.0.0.1:9/c-3-py3-none-any.whl" }]
"""


def make_wheel(folder, name, version):
    """A package of one module; returns the file's size."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": "", f"{info}/METADATA":
             f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"}
    files[f"{info}/RECORD"] = "".join(f"{file},,\n" for file in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return path.stat().st_size


class SetupCase(IntegrationCase):

    def setUp(self):
        super().setUp()
        self.wheels = self.servers_folder / "wheels"
        self.wheels.mkdir()
        self.programs = self.servers_folder / "bin"
        self.programs.mkdir()

    def environment(self):
        """pip finds our packages alone; of the programs of this machine, uv and the container
        runtimes are hidden."""
        for folder in os.environ["PATH"].split(":"):
            for path in Path(folder).glob("*") if os.path.isdir(folder) else ():
                link = self.programs / path.name
                if path.name not in ("uv", "docker", "podman") and not os.path.lexists(link):
                    link.symlink_to(path)
        return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels),
                "PATH": str(self.programs), "PIP_CACHE_DIR": str(self.servers_folder / "cache")}

    def setup(self, *arguments):
        return self.tokamark("setup", *arguments, env=self.environment())

    def small_engine(self, version):
        return (make_wheel(self.wheels, "xllamacpp", version) +
                (0 if list(self.wheels.glob("huggingface_hub*")) else
                 make_wheel(self.wheels, "huggingface_hub", "1.0")))

    def test_an_environment_is_measured_made_and_kept(self):
        size = self.small_engine("1.0")
        order = ("llama-cpp", "--version", "1.0")
        looked = self.setup(*order, "--dry-run")
        self.assertEqual((0, ""), (looked.code, looked.err), looked)
        self.assertIn(f"2 packages, {size / 1000:.1f} kB", looked.out)
        self.assertFalse((self.folder / "environments").exists())
        made = self.setup(*order)
        self.assertEqual((0, ""), (made.code, made.err), made)
        folder = self.folder / "environments" / "llama-cpp-1.0"
        self.assertIn("xllamacpp==1.0", (folder / "READY").read_text())
        self.assertIn("environments/llama-cpp-1.0", self.tokamark("engines").out)
        again = self.setup(*order)
        self.assertEqual((0, 1), (again.code, again.out.count("\n")), again)
        self.small_engine("2.0")
        other = ("llama-cpp", "--version", "2.0", "--folder", folder)
        self.assert_error(self.setup(*other), EXIT_USAGE, "xllamacpp==1.0", "--replace")
        replaced = self.setup(*other, "--replace")
        self.assertEqual((0, ""), (replaced.code, replaced.err), replaced)
        self.assertIn("xllamacpp==2.0", (folder / "READY").read_text())

    def test_an_interrupted_setup_is_no_environment_and_can_be_repeated(self):
        self.small_engine("1.0")
        order = ("setup", "llama-cpp", "--version", "1.0")
        program = self.start_tokamark(*order, env=self.environment())
        folder = self.folder / "environments" / "llama-cpp-1.0"
        self.wait_for(lambda: (folder / "pyvenv.cfg").exists(), "it has begun", program)
        self.assert_error(self.setup(*order[1:]), EXIT_OUTPUT, "another `tokamark setup`")
        program.send(signal.SIGINT)
        self.assertEqual(EXIT_INTERRUPTED, program.finish().code)
        self.assert_nothing_left()
        self.assertFalse((folder / "READY").exists())
        again = self.setup(*order[1:])
        self.assertEqual((0, ""), (again.code, again.err), again)
        self.assertTrue((folder / "READY").exists())

    def test_a_killed_setup_can_be_repeated(self):
        self.small_engine("1.0")
        order = ("setup", "llama-cpp", "--version", "1.0")
        program = self.start_tokamark(*order, env=self.environment())
        folder = self.folder / "environments" / "llama-cpp-1.0"
        self.wait_for(lambda: (folder / "pyvenv.cfg").exists(), "it has begun", program)
        program.send(signal.SIGKILL)
        program.finish()
        # The installer's last step may outlive it, and holds the folder until its end.
        self.wait_until_nothing_left()
        again = self.setup(*order[1:])
        self.assertEqual((0, ""), (again.code, again.err), again)

    def test_a_folder_of_somebody_else_is_left_alone(self):
        folder = self.folder / "mine"
        folder.mkdir()
        (folder / "thesis.txt").write_text("years")
        for flag in ((), ("--replace",)):
            self.assert_error(self.setup("llama-cpp", "--folder", folder, *flag), EXIT_USAGE,
                              "was not made by")
        self.assertEqual(["thesis.txt"], os.listdir(folder))

    def test_a_package_that_does_not_exist_is_named(self):
        finished = self.setup("llama-cpp", "--version", "1.0")
        self.assert_error(finished, EXIT_ENGINE, "xllamacpp==1.0", "llama-cpp-1.0.log")

    def test_a_lock_is_measured_by_the_files_that_fit(self):
        lock = self.folder / "pylock.toml"
        lock.write_text(LOCK)
        done = subprocess.run([sys.executable, self.source / "src" / "setup" / "package_sizes.py",
                               "uv", lock], capture_output=True, text=True, check=True)
        self.assertEqual([("a", 20), ("b", 300), ("c", None)],
                         [(item["name"], item["bytes"]) for item in json.loads(done.stdout)])

    def test_a_missing_python_is_said(self):
        empty = self.folder / "empty"
        empty.mkdir()
        finished = self.tokamark("setup", "vllm", "--device", "cpu", "--dry-run",
                                 env={"PATH": str(empty), "HOME": str(empty)})
        self.assert_error(finished, EXIT_ENGINE, "no Python 3.12 with its venv module")

    def test_bad_usage(self):
        self.assert_error(self.setup(), EXIT_USAGE, "tokamark setup vllm")
        self.assert_error(self.setup("vlm"), EXIT_USAGE, "llama-cpp")
        self.assert_error(self.setup("vllm", "--device", "cpu", "--version", "0.1"), EXIT_USAGE,
                          "--override")
        self.assert_error(self.setup("vllm", "--engine", "a"), EXIT_USAGE, "--study")
        self.assert_error(self.setup("tensorrt-llm"), EXIT_ENGINE, "neither docker nor podman")

    def fake_docker(self, size):
        environment = self.environment()
        docker = self.programs / "docker"
        docker.write_text(DOCKER.format(log=self.servers_folder / "docker.log", size=size,
                                        storage=self.servers_folder, digest=DIGEST))
        docker.chmod(0o755)
        return environment

    def test_an_image_is_pulled_and_its_digest_kept(self):
        environment = self.fake_docker(123_000_000)
        finished = self.tokamark("setup", "vllm", "--image", "acme/engine:1", env=environment)
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        self.assertIn("123.0 MB to download", finished.out)
        self.assertIn(f"`image: acme/engine@{DIGEST}`", finished.out)
        record = self.folder / "environments" / "acme-engine-1.image"
        self.assertEqual(f"acme/engine@{DIGEST}\n", record.read_text())
        pinned = self.tokamark("setup", "vllm", "--image", f"acme/engine@{DIGEST}",
                               env=environment)
        self.assertEqual((0, f"acme/engine@{DIGEST} is here\n"), (pinned.code, pinned.out), pinned)
        missing = self.tokamark("setup", "vllm", "--image", "acme/missing:1", env=environment)
        self.assert_error(missing, EXIT_ENGINE, "no such image")
        self.assertIn("unknown size", missing.out)

    def test_an_image_that_does_not_fit_is_not_pulled(self):
        environment = self.fake_docker(10 ** 15)
        finished = self.tokamark("setup", "vllm", "--image", "acme/engine:1", env=environment)
        self.assert_error(finished, EXIT_OUTPUT, "too little space", "3000.0 TB")
        self.assertNotIn("pull", (self.servers_folder / "docker.log").read_text())

    def test_a_study_names_its_environments(self):
        self.small_engine("1.0")
        environment = self.fake_docker(1000)
        engines = [{"name": "a", "kind": "llama-cpp", "venv": "engines/a", "version": "1.0"},
                   {"name": "b", "kind": "vllm", "image": "acme/engine:1"},
                   {"name": "c", "kind": "openai", "url": "http://127.0.0.1:9"}]
        study = self.write_study(least_study("", engines=engines))
        finished = self.tokamark("setup", "--study", study, env=environment)
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        self.assertTrue((self.folder / "engines" / "a" / "READY").exists())
        self.assertIn(DIGEST, finished.out)
        self.assertIn("c: nothing to set up", finished.out)
        (self.folder / "engines" / "a" / "READY").unlink()  # as if somebody else had made it
        again = self.tokamark("setup", "--study", study, "--engine", "a", env=environment)
        self.assertEqual((0, f"a: {self.folder}/engines/a holds xllamacpp 1.0\n"),
                         (again.code, again.out), again)

    def test_llama_cpp_from_its_registry(self):
        asked = subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--quiet",
                                "--dest", self.servers_folder, "tqdm"], capture_output=True,
                               text=True, timeout=120, check=False)
        if asked.returncode != 0:
            self.skipTest(f"PyPI cannot be reached: {asked.stderr.strip()[-300:]}")
        finished = self.tokamark("setup", "llama-cpp", "--folder", "here", deadline_s=500)
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        subprocess.run([self.folder / "here" / "bin" / "python", "-c",
                        "import xllamacpp, huggingface_hub"], check=True)
