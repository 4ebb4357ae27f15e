#!/usr/bin/env python3
"""The dashboards and rules against the real thing: the platform with the demo company, a little
load with mistakes in it, and a Prometheus that scrapes both every second.

- every query of every panel, and every selector of every alert, gives data;
- every recorded series is there, and no rule fails;
- what Prometheus counts is what the client counted;
- five alerts fire for faults that are really made: a process that hangs, one that is told
  nothing, one with more calls than it takes, callers without credentials, a certificate that
  ends. Their expressions are those of the rules; only `for` is two seconds.
"""

import base64
import datetime
import json
import pathlib
import re
import tempfile
import time
import unittest

import grpc

import load
import monitoring
import processes

# How Grafana's variables are replaced. One look a second and not one an hour, since there is
# no hour: [30d:1h] looks at whole hours only.
REPLACED = [('=~"$namespace"', '=~".*"'), ('=~"$service"', '=~"gtm.*"'),
            ("$__rate_interval", "15s"), ("[30d:1h]", "[1m:1s]")]

# Queries that rightly have no data here: (dashboard, panel) and why.
EMPTY_PANELS = {
    ("storage.json", "Last restore drill"): "of kube-state-metrics, which needs a cluster",
    ("revenue.json", "Hand-overs accepted by sales"): "the demo decides too few for a verdict",
}
# Selectors of alerts that rightly match nothing here.
EMPTY_SELECTORS = {
    "kube_cronjob_status_last_schedule_time": "of kube-state-metrics, which needs a cluster",
    "kube_cronjob_status_last_successful_time": "of kube-state-metrics, which needs a cluster",
    "gtm_handover_acceptance_ratio": "the demo decides too few hand-overs for a verdict",
}
# Alerts that are made to fire, and in which process.
FAULTS = {
    ("GtmTargetDown", "gtm-records"), ("GtmFeedSilent", "gtm-growth"), ("GtmShedding", "gtm-records"),
    ("GtmAuthDenialsSpike", "gtm-secure"), ("GtmCertExpiresIn3d", "gtm-secure"),
}
DENIED_CALLS = 400
PATIENCE_S = 180


def replace(expr):
    for old, new in REPLACED:
        expr = expr.replace(old, new)
    assert "$" not in expr, expr
    return expr


def is_data(samples):
    return any(value == value for _, value in samples)  # not only NaN


class Live(unittest.TestCase):
    """One platform for all tests; they run in the order of their names."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="gtm-monitoring-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "protos").mkdir()
        load.compile_protos(cls.folder / "protos")
        cls.start_processes()

    @classmethod
    def start(cls, kind, *arguments):
        process = kind(*arguments)
        cls.addClassCleanup(process.close)
        return process

    @classmethod
    def server(cls, binary, *flags):
        process = processes.Server(processes.BINARIES / binary, *flags, cwd=cls.folder)
        cls.addClassCleanup(process.close)
        return process

    @classmethod
    def start_processes(cls):
        cls.platform = cls.server("gtm", "serve", "--demo", "--store=sqlite:demo.db",
                                  "--business-metrics-interval-s=1")
        cls.records = cls.server("gtm-records", "--store=memory:", "--inflight-max=1")
        cls.growth = cls.server("gtm-growth", f"--records-address={cls.records.address}")
        certificate = make_certificate(cls.folder)
        make_keys(cls.folder)
        cls.secure = cls.server(
            "gtm-records", "--store=memory:", "--auth=required", f"--tls-cert-file={certificate}",
            "--tls-key-file=key.pem", f"--tls-client-ca-file={certificate}",
            "--jwks-file=jwks.json", "--jwt-issuer=https://example.com/", "--jwt-audience=gtm")
        cls.platform.wait_for("serving gRPC on", 120)
        cls.prometheus = cls.start(processes.Prometheus, cls.folder, {
            "gtm": cls.platform.metrics_address, "gtm-records": cls.records.metrics_address,
            "gtm-growth": cls.growth.metrics_address, "gtm-secure": cls.secure.metrics_address})
        cls.load = load.Load(cls.platform.address)
        cls.addClassCleanup(cls.load.stop)
        cls.load.give_quotas(datetime.datetime.now(datetime.timezone.utc).date())
        cls.gtm("handover", "record", "--account=acct-0000081", "--id=live")
        cls.gtm("handover", "accept", "live")

    @classmethod
    def gtm(cls, *arguments):
        code, output = monitoring.run(processes.BINARIES / "gtm", "--address",
                                      cls.platform.address, *arguments)
        assert code == 0, output

    def until(self, condition, complain):
        """Waits until condition() is true: as long as a machine takes that builds meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            if time.monotonic() > deadline:
                self.fail(complain())
            time.sleep(1)

    def test_1_faults_are_made(self):
        """They need their time; the last test looks at them."""
        from gtm.growth.v1 import service_pb2
        with grpc.insecure_channel(self.growth.address) as channel:  # growth reads its Book
            load.call(channel, "gtm.growth.v1.GrowthService/ListCommitments",
                      service_pb2.ListCommitmentsRequest(), service_pb2.ListCommitmentsResponse)
        first = 'up{job=~"gtm.*"} == 1'
        self.until(lambda: len(self.prometheus.query(first)) == 4, lambda: "not all are scraped")
        time.sleep(2)  # a rate needs a value before
        self.assertGreater(load.overload(self.records.address, 400, 64), 8)
        denied = load.strangers(self.secure.address, self.folder / "certificate.pem", DENIED_CALLS)
        self.assertEqual(denied, DENIED_CALLS)
        time.sleep(2)  # and one behind
        self.records.pause()

    def test_2_counts_are_the_clients(self):
        from gtm.targeting.v1 import service_pb2
        method = "gtm.targeting.v1.TargetingService/GetActiveTargetDefinition"
        series = ('sum(grpc_server_handled_total{job="gtm",'
                  'grpc_method="GetActiveTargetDefinition"})')
        before = self.prometheus.query(series)[0][1]
        with grpc.insecure_channel(self.platform.address) as channel:
            for _ in range(250):
                load.call(channel, method, service_pb2.GetActiveTargetDefinitionRequest(),
                          service_pb2.GetActiveTargetDefinitionResponse)
        counted = lambda: self.prometheus.query(series)[0][1] - before  # noqa: E731
        self.until(lambda: counted() >= 250, lambda: f"{counted()} of 250 calls")
        self.assertEqual(counted(), 250)

    def test_3_a_backup_is_known(self):
        code, output = monitoring.run(
            processes.BINARIES / "gtm", "backup", "--store=sqlite:demo.db", "--to=demo.backup",
            cwd=self.folder)
        self.assertEqual(code, 0, output)

    def test_4_every_panel_has_data(self):
        waiting = {}
        for name, dashboard in monitoring.dashboards().items():
            for panel in monitoring.panels(dashboard):
                for target in panel["targets"]:
                    waiting[name, panel["title"], target["refId"]] = replace(target["expr"])
        known = {(dashboard, panel) for dashboard, panel, _ in waiting}
        self.assertEqual(set(EMPTY_PANELS) - known, set(), "no such panel")

        def look():
            for where, expr in list(waiting.items()):
                samples = self.prometheus.query(expr)
                if is_data(samples) or where[:2] in EMPTY_PANELS:
                    del waiting[where]
            return not waiting
        self.until(look, lambda: "no data:\n" + "\n".join(
            f"{' / '.join(where)}: {expr}" for where, expr in waiting.items()))

    def test_5_every_variable_has_choices(self):
        for dashboard in monitoring.dashboards().values():
            for variable in dashboard["templating"]["list"]:
                if variable["type"] != "query":
                    continue
                match = re.match(r"label_values\((.*), (\w+)\)$", variable["query"]["query"])
                if match.group(2) == "job":
                    jobs = {labels["job"]
                            for labels, _ in self.prometheus.query(replace(match.group(1)))}
                    self.assertLessEqual({"gtm", "gtm-growth", "gtm-secure"}, jobs)

    def test_6_every_rule_has_data(self):
        waiting = {name: name for name in monitoring.recorded()}
        for rule in monitoring.alerts().values():
            for name, labels in monitoring.selectors(rule["expr"]):
                if name not in EMPTY_SELECTORS:
                    waiting[selector_text(rule["expr"], name, labels)] = rule["alert"]

        def look():
            for selector in list(waiting):
                if is_data(self.prometheus.query(selector)):
                    del waiting[selector]
            return not waiting
        self.until(look, lambda: "no data:\n" + "\n".join(
            f"{alert}: {selector}" for selector, alert in waiting.items()))
        self.assertEqual(self.prometheus.rule_problems(), [])
        slos = {labels["slo"] for labels, _ in
                self.prometheus.query('job_slo:gtm_slo_budget_left:ratio30d{job="gtm"}')}
        self.assertEqual(slos, {"availability", "read-latency", "write-latency", "freshness"})

    def test_7_the_faults_fire_their_alerts(self):
        self.until(lambda: FAULTS <= self.prometheus.firing(),
                   lambda: f"not firing: {FAULTS - self.prometheus.firing()}")
        firing = self.prometheus.firing()
        self.assertIn(("GtmWatchdog", ""), firing)
        quiet = {"GtmStoreDamaged", "GtmStoreErrors", "GtmCrashLooping", "GtmDiskAlmostFull",
                 "GtmSqliteWalLarge", "GtmBackupTooOld", "GtmJwksStale", "GtmRelistStorm",
                 "GtmServiceAbsent"}
        self.assertEqual(quiet & {name for name, _ in firing}, set())
        self.records.resume()  # and the end of a fault ends its alert
        gone = {("GtmTargetDown", "gtm-records"), ("GtmFeedSilent", "gtm-growth")}
        self.until(lambda: not gone & self.prometheus.firing(),
                   lambda: f"still firing: {gone & self.prometheus.firing()}")

    def test_8_the_load_was_what_it_should_be(self):
        self.assertLessEqual({"OK", "NOT_FOUND", "INVALID_ARGUMENT", "ABORTED",
                              "PERMISSION_DENIED"}, self.load.codes)


def selector_text(expr, name, labels):
    """The selector as it stands in the expression."""
    for match in re.finditer(re.escape(name) + r'(\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\})?', expr):
        text = match.group(0)
        if monitoring.selectors(text) == [(name, labels)]:
            return text
    raise AssertionError(f"{name} {labels} is not in {expr}")


def make_certificate(folder):
    """Of localhost, for two days."""
    code, output = monitoring.run(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost", "-keyout", "key.pem", "-out", "certificate.pem",
        cwd=folder)
    assert code == 0, output
    return "certificate.pem"


def make_keys(folder):
    """The certificate's key as if it signed tokens: jwks.json."""
    code, output = monitoring.run("openssl", "ec", "-in", "key.pem", "-pubout", "-outform", "DER",
                                  "-out", "public.der", cwd=folder)
    assert code == 0, output
    point = (folder / "public.der").read_bytes()[-64:]

    def text(number):
        return base64.urlsafe_b64encode(number).rstrip(b"=").decode()
    (folder / "jwks.json").write_text(json.dumps({"keys": [{
        "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "test",
        "x": text(point[:32]), "y": text(point[32:])}]}))


if __name__ == "__main__":
    unittest.main(failfast=False)
