"""What a run leaves on disk."""

import json
import shutil
import subprocess
import unittest
from pathlib import Path


class Results:
    """A results folder, read as a stranger would: JSON, and `zstd -dc` for the raw records."""

    def __init__(self, folder):
        self.folder = Path(folder)

    @property
    def json(self):
        return json.loads((self.folder / "results.json").read_text())

    @property
    def trials(self):
        return self.json["trials"]

    def trial(self, trial_id):
        return next(trial for trial in self.trials if trial["id"] == trial_id)

    def planned_ids(self):
        plan = json.loads((self.folder / "plan.json").read_text())
        return [trial["id"] for visit in plan["visits"] for trial in visit["trials"]]

    def ids_on_disk(self):
        """Trials whose folder is there under its own name."""
        place = self.folder / "trials"
        if not place.is_dir():
            return []
        return sorted(entry.name for entry in place.iterdir() if not entry.name.startswith("."))

    def records(self, trial_id, phase="measured"):
        zstd = shutil.which("zstd")
        if zstd is None:
            raise unittest.SkipTest("zstd is not installed: apt-get install zstd")
        path = self.folder / "trials" / trial_id / "requests.jsonl.zst"
        text = subprocess.run([zstd, "-dc", str(path)], check=True, capture_output=True).stdout
        records = [json.loads(line) for line in text.decode().splitlines()]
        return [record for record in records if phase in (None, record["phase"])]

    def files(self, below=""):
        """Every file's bytes, by its path in the folder."""
        root = self.folder / below
        return {str(path.relative_to(self.folder)): path.read_bytes()
                for path in sorted(root.rglob("*")) if path.is_file()}
