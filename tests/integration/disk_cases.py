"""Output that cannot be written: exit code 6, and what was measured before stays whole."""

import shlex
import shutil
import subprocess

from case import EXIT_OUTPUT, IntegrationCase, least_study
from results import Results

MANY = 40


class DiskCase(IntegrationCase):

    def namespace(self):
        """The command that gives a shell its own mounts, or a skip with the reason."""
        if shutil.which("unshare") is None:
            self.skipTest("unshare is not installed: apt-get install util-linux")
        why = ""
        for command in (["unshare", "-m"], ["unshare", "-rm"]):
            tried = subprocess.run([*command, "mount", "-t", "tmpfs", "none", self.folder],
                                   capture_output=True, text=True)
            if tried.returncode == 0:
                return command
            why = tried.stderr.strip()
        self.skipTest(f"this user cannot mount a tmpfs: {why}")

    def on_small_disk(self, mount, study, copy=None):
        """Runs a study whose results go to a mounted folder, then copies that folder out."""
        namespace = self.namespace()
        path = self.write_study(study)
        disk = self.folder / "disk"
        disk.mkdir()
        script = (f"{mount} {shlex.quote(str(disk))} || exit 99\n"
                  f"{shlex.quote(str(self.binary))} run {shlex.quote(str(path))}"
                  " --output disk/out\n"
                  "code=$?\n")
        if copy:
            script += f"cp -a disk/out {shlex.quote(str(copy))} || exit 98\n"
        return self.shell(f"exec {' '.join(namespace)} sh -c {shlex.quote(script + 'exit $code')}")

    def small_trials(self, repeats, seconds=0.2):
        return least_study(self.start_sim(), repeats=repeats, load={"concurrency": [4]},
                           window={"warmup_s": 0.1, "seconds": seconds, "requests": 0, "probes": 1})

    def test_read_only_output(self):
        finished = self.on_small_disk("mount -t tmpfs -o ro none", self.small_trials(1))
        self.assert_error(finished, EXIT_OUTPUT, "disk/out", "Read-only file system",
                          "writable --output")

    def test_no_room_at_all(self):
        """Not even the study fits, so nothing is measured in vain."""
        finished = self.on_small_disk("mount -t tmpfs -o size=4k,nr_inodes=64 none",
                                      self.small_trials(1))
        self.assert_error(finished, EXIT_OUTPUT, "disk/out", "No space left", "--output")

    def test_disk_fills_between_trials(self):
        copy = self.folder / "copy"
        finished = self.on_small_disk("mount -t tmpfs -o size=256k none", self.small_trials(MANY),
                                      copy)
        self.assert_error(finished, EXIT_OUTPUT, "disk/out", "No space left", "--output")
        kept = Results(copy).ids_on_disk()
        self.assertGreater(len(kept), 0)
        self.assertLess(len(kept), MANY)
        self.check_whole(copy, kept)

    def test_disk_fills_at_the_report(self):
        """The trials fit; the report, which brings its charts along, does not."""
        copy = self.folder / "copy"
        finished = self.on_small_disk("mount -t tmpfs -o size=512k none", self.small_trials(2, 1),
                                      copy)
        self.assert_error(finished, EXIT_OUTPUT, "report.html", "No space left", "--output")
        kept = Results(copy).ids_on_disk()
        self.assertEqual(["r1-a-chat-c4", "r2-a-chat-c4"], kept)
        self.check_whole(copy, kept)

    def check_whole(self, copy, kept):
        """Every kept trial reads, and `report` summarises them on a disk with room."""
        results = Results(copy)
        finished = self.tokamark("report", copy)
        self.assertEqual((0, ""), (finished.code, finished.err), finished)
        self.assertEqual(kept, sorted(trial["id"] for trial in results.trials))
        for trial in results.trials:
            self.assertEqual(len(results.records(trial["id"])), trial["counts"]["scheduled"])
        self.assertEqual([], [p.name for p in (copy / "trials").glob(".*")])

    def test_folder_in_use(self):
        (self.folder / "full").mkdir()
        (self.folder / "full" / "diary.txt").write_text("mine")
        path = self.write_study(least_study("http://127.0.0.1:9"))
        finished = self.tokamark("run", path, "--output", "full")
        self.assert_error(finished, EXIT_OUTPUT, "full is not empty", "--output")
        self.assertEqual(["diary.txt"], [p.name for p in (self.folder / "full").iterdir()])

    def test_output_below_a_file(self):
        (self.folder / "file").write_text("mine")
        path = self.write_study(least_study("http://127.0.0.1:9"))
        self.assert_error(self.tokamark("run", path, "--output", "file/out"), EXIT_OUTPUT,
                          "file/out")
