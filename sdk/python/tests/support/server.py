"""The real server, as a process of its own."""

import os
import re
import signal
import subprocess
import threading
from pathlib import Path

MAIN = Path(os.environ.get("TASKRESULTS_MAIN") or Path(__file__).parents[4] / "dist/main.js")

_STOP_SECONDS = 15


class Server:
    """Started by its constructor, which returns once it listens."""

    def __init__(self, folder: Path, *flags: str, token: str | None = None) -> None:
        self._command = ["node", str(MAIN), "serve", "--log-level", "warn", "--shutdown-grace", "1s"]
        self._command += ["--database-url", f"sqlite:{folder / 'results.sqlite'}", *flags]
        # None of the caller's settings but the token.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TASKRESULTS_")}
        if token:
            self._environment["TASKRESULTS_TOKEN"] = token
        self.address = "127.0.0.1:0"
        self._later: threading.Timer | None = None
        self.start()

    @property
    def port(self) -> int:
        """0 on a Unix socket."""
        port = self.address.rpartition(":")[2]
        return int(port) if port.isdigit() else 0

    def start(self) -> None:
        """Starts it, on the port that it had before."""
        command = [*self._command, "--port", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=self._environment)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if listening := re.search(r"listening on (\S+) ", line):
                self.address = listening[1]
                return
        self.stop()
        raise AssertionError("the server did not start")

    def start_later(self, seconds: float) -> None:
        """Starts it after so long, and returns at once."""
        self._later = threading.Timer(seconds, self.start)
        self._later.start()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ends it and waits until it is gone."""
        self._process.send_signal(how)
        try:
            self._process.communicate(timeout=_STOP_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """As a machine that goes down."""
        self.stop(signal.SIGKILL)

    def end(self) -> None:
        """Leaves nothing behind, whatever was begun."""
        if self._later:
            self._later.join()
        self.kill()
