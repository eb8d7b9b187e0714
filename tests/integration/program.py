"""A process under test, its output, and how it ended."""

import ctypes
import signal
import subprocess
import uuid

# Longest wait for any one condition. Generous: it only decides how late a failure is told.
DEADLINE_S = 90.0
PR_SET_PDEATHSIG = 1


def die_with_parent():
    """In a child before exec: a test that is killed takes tokamark along."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Finished:
    """A tokamark process that has ended: its exit code and what it wrote."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    def __str__(self):
        words = " ".join(str(word) for word in self.arguments)
        return f"tokamark {words}\nexit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Program:
    """A process whose output goes to files, so that it never waits for its reader."""

    def __init__(self, command, folder, environment):
        self.arguments = command[1:]
        token = uuid.uuid4().hex
        self.out_path = folder / f"{token}.out"
        self.err_path = folder / f"{token}.err"
        with open(self.out_path, "wb") as out, open(self.err_path, "wb") as err:
            self.process = subprocess.Popen(
                [str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                env=environment, cwd=folder, preexec_fn=die_with_parent)

    @property
    def out(self):
        return self.out_path.read_text(errors="replace")

    @property
    def err(self):
        return self.err_path.read_text(errors="replace")

    def running(self):
        return self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def finish(self, deadline_s=DEADLINE_S):
        """Waits for the end; a process that does not end is killed and fails the test."""
        try:
            code = self.process.wait(deadline_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"did not end within {deadline_s} s\n{self.finished(None)}")
        return self.finished(code)

    def finished(self, code):
        return Finished(self.arguments, code, self.out, self.err)
