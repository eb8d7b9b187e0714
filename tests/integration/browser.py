"""A headless Chromium that is told what to do through its debugging pipe."""

import fcntl
import json
import os
import shutil
import subprocess
import threading

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--remote-debugging-pipe")
PATIENCE_S = 120


def find_browser():
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of a Chromium of its own, until `close`; not thread-safe."""

    def __init__(self, program, profile, width=1400, height=1000):
        """`profile` is a folder for the browser's files; sizes are CSS pixels."""
        told, self.tell = os.pipe()
        self.hear, heard = os.pipe()
        # Chromium reads 3 and writes 4: far from there, so that neither is overwritten.
        far = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in (told, heard)]
        os.close(told)
        os.close(heard)
        self.process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", f"--window-size={width},{height}",
             "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=lambda: (os.dup2(far[0], 3), os.dup2(far[1], 4)))
        for fd in far:
            os.close(fd)
        self.buffer, self.last, self.session = b"", 0, None
        self.complaints = []  # what pages wrote to the console, and what they threw
        # A browser that hangs is killed, and then its pipe ends.
        self.alarm = threading.Timer(PATIENCE_S, self.process.kill)
        self.alarm.start()
        self.attach()

    def attach(self):
        targets = self.send("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.send("Target.attachToTarget", targetId=page["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.send(f"{domain}.enable")

    def close(self):
        self.alarm.cancel()
        self.process.kill()
        self.process.wait()
        os.close(self.tell)
        os.close(self.hear)

    def send(self, method, **params):
        """The answer to one call of the DevTools protocol; raises RuntimeError for an error."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": params}
        if self.session is not None:
            message["sessionId"] = self.session
        os.write(self.tell, json.dumps(message).encode() + b"\0")
        while True:
            heard = self.receive()
            if heard.get("id") == self.last:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return heard["result"]
            if heard.get("method") in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                       "Log.entryAdded"):
                self.complaints.append(json.dumps(heard["params"])[:1000])

    def receive(self):
        while b"\0" not in self.buffer:
            more = os.read(self.hear, 1 << 16)
            if not more:
                raise RuntimeError("the browser ended")
            self.buffer += more
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def open(self, address):
        self.send("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete'")

    def evaluate(self, script):
        """What a JavaScript expression gives, as JSON; of a promise, what it becomes."""
        done = self.send("Runtime.evaluate", expression=script, returnByValue=True,
                         awaitPromise=True)
        if "exceptionDetails" in done:
            raise RuntimeError(f"{script}: {done['exceptionDetails']}")
        return done["result"].get("value")

    def wait_for(self, script):
        """Until the expression is true at a frame; RuntimeError when the alarm rings before."""
        self.evaluate("new Promise((done) => { const look = () => "
                      f"({script}) ? done(true) : requestAnimationFrame(look); look(); }})")

    def frames(self):
        """Two frames later, so that what was asked for is drawn."""
        self.evaluate("new Promise((done) => requestAnimationFrame(() => "
                      "requestAnimationFrame(() => done(true))))")

    def move(self, point):
        self.send("Input.dispatchMouseEvent", type="mouseMoved", x=point["x"], y=point["y"])

    def click(self, point):
        self.move(point)
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=point["x"], y=point["y"],
                      button="left", clickCount=1)
