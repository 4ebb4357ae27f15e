"""The real `gtm serve` on a SQLite file, started, killed and restarted by the tests."""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading

START_SECONDS = 30
GTM = os.environ.get("GTM_BINARY", "gtm")
# Starts the processes, since each ends with the thread that started it.
STARTER = concurrent.futures.ThreadPoolExecutor(1)


class PlatformProcess:
    """One server process at a time over one store; the port stays the same over restarts.

    The port is the system's choice at the first start, so that tests run side by side.
    """

    def __init__(self, *arguments):
        self.folder = tempfile.mkdtemp(prefix="gtm-interop-")
        self.arguments = list(arguments)
        self.port = 0
        self.process = None
        self.start(*arguments)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def start(self, *arguments):
        command = [
            "setpriv", "--pdeathsig", "KILL",  # ends with the test, however that ends
            GTM, "serve", f"--address=127.0.0.1:{self.port}", "--metrics-address=",
            f"--store=sqlite:{self.folder}/gtm.db", "--log-level=info", *arguments,
        ]
        self.process = STARTER.submit(
            subprocess.Popen, command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True).result()
        listening = threading.Event()
        said = []
        threading.Thread(
            target=self._read_log, args=(self.process.stderr, listening, said), daemon=True).start()
        if not listening.wait(START_SECONDS) or self.port == 0:
            self.close()
            raise RuntimeError(f"{' '.join(command)} did not listen; it said: {''.join(said)}")

    def _read_log(self, log, listening, said):
        with log:
            for line in log:
                if listening.is_set():
                    continue  # read and dropped, so that the server never waits for us
                said.append(line)
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if entry.get("event") == "listening":
                    self.port = entry["port"]
                    listening.set()
        listening.set()  # the process ended

    def load_demo(self):
        """The demo company; when this returns every service has seen all of it."""
        subprocess.run([GTM, "demo"], env={**os.environ, "GTM_ADDRESS": self.address},
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        """As a crash: no farewell to anybody."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """As an orderly shutdown. Returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout=START_SECONDS)

    def forget(self):
        """Loses all data. Only between two processes."""
        shutil.rmtree(self.folder)
        os.mkdir(self.folder)

    def close(self):
        if self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
