"""The soak, for a moment: tests/soak/soak.py at a tenth of its load."""

import subprocess
import sys

from case import SERVER_MARK, IntegrationCase


class SoakCase(IntegrationCase):

    def check(self, *more):
        script = self.source / "tests" / "soak" / "soak.py"
        done = subprocess.run(
            [sys.executable, "-B", str(script), "--tokamark", str(self.binary), "--minutes", "0.3",
             "--streams", "200", "--speed", "0.2", *more],
            cwd=self.folder, env=self._environment(SERVER_MARK), capture_output=True,
            text=True, timeout=150, check=False)
        self.assertEqual(0, done.returncode, f"{done.stdout}\n{done.stderr}")
        self.assertRegex(done.stdout.splitlines()[-1], r"^soak of \d+ s: PASS$")

    def test_a_short_soak_passes(self):
        self.check()

    def test_a_short_soak_by_io_uring_passes(self):
        self.need_io_uring()
        self.check("--receive", "io_uring")
