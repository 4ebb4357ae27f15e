"""The platform's processes and a Prometheus that scrapes them, for the live test."""

import json
import os
import pathlib
import queue
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml

import monitoring

BINARIES = pathlib.Path(os.environ.get("GTM_BINARIES", monitoring.ROOT / "build/dev/bin"))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """A child process whose standard error is read line by line. Ended by close()."""

    def __init__(self, *command, cwd):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("GTM_")}
        self.name = pathlib.Path(command[0]).name
        self.child = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.lines, self._new = [], queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.child.stderr:
            self.lines.append(line.rstrip())
            self._new.put(self.lines[-1])
        self._new.put(None)

    def wait_for(self, text, seconds):
        """The first line not yet looked at that contains `text`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._new.get(timeout=left)
            except queue.Empty:
                break
            if line is None:
                raise AssertionError(f"{self.name} ended:\n" + "\n".join(self.lines[-20:]))
            if text in line:
                return line
        raise AssertionError(f"{self.name}: no \"{text}\" within {seconds} s:\n" +
                             "\n".join(self.lines[-20:]))

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.send_signal(signal.SIGCONT)

    def close(self):
        if self.child.poll() is None:
            self.resume()
            self.child.kill()
        self.child.wait()
        self._reader.join()
        self.child.stderr.close()


class Server(Process):
    """One of our servers, on free loopback ports."""

    def __init__(self, *command, cwd):
        super().__init__(*command, "--address=127.0.0.1:0", "--metrics-address=127.0.0.1:0",
                         cwd=cwd)
        try:
            self.listening = json.loads(self.wait_for('"listening"', 60))
        except AssertionError:
            self.close()
            raise
        self.address = f"127.0.0.1:{self.listening['port']}"
        self.metrics_address = self.listening["metrics_address"]


class Prometheus(Process):
    """Scrapes each {job: address} every second, with our rules."""

    def __init__(self, folder, targets):
        self.address = f"127.0.0.1:{free_port()}"
        monitoring.write_rules(folder / "rules.yaml", quickly)
        (folder / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s",
                       "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": job, "static_configs": [{"targets": [address]}]}
                               for job, address in targets.items()]}))
        super().__init__(
            "prometheus", "--config.file=prometheus.yaml", "--storage.tsdb.path=tsdb",
            f"--web.listen-address={self.address}", "--log.level=info", cwd=folder)
        try:
            self.wait_for("Server is ready to receive web requests", 60)
        except AssertionError:
            self.close()
            raise

    def _get(self, path, **parameters):
        url = f"http://{self.address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{parameters}: {json.load(error)['error']}") from error

    def query(self, expr):
        """[(labels, value)] now."""
        data = self._get("query", query=expr)
        if data["resultType"] == "scalar":
            return [({}, float(data["result"][1]))]
        return [(sample["metric"], float(sample["value"][1])) for sample in data["result"]]

    def firing(self):
        """{(alert, labels as a sorted tuple)}"""
        return {(alert["labels"]["alertname"], alert["labels"].get("job", ""))
                for alert in self._get("alerts")["alerts"] if alert["state"] == "firing"}

    def rule_problems(self):
        return [f"{rule['name']}: {rule['lastError']}"
                for group in self._get("rules")["groups"] for rule in group["rules"]
                if rule["health"] != "ok"]


def quickly(group):
    """The same expressions; every rule each second, and an alert that has to last lasts 2 s."""
    rules = [rule | ({"for": "2s"} if "for" in rule else {}) for rule in group["rules"]]
    return {"name": group["name"], "interval": "1s", "rules": rules}
