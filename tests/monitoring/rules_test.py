#!/usr/bin/env python3
"""Rules and alerts: promtool accepts them, each alert fires when it should and stays quiet
when it should not, each has a runbook, and Alertmanager accepts the example and routes by it."""

import concurrent.futures
import pathlib
import re
import tempfile
import unittest

import yaml

import monitoring

# An alert's annotations, each a sentence or a place.
ANNOTATIONS = {"summary", "description", "runbook_url", "dashboard_url"}
# Each has a burn rate.
WINDOWS = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]


class Rules(unittest.TestCase):
    def test_promtool_accepts_them(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "rules.yaml"
            monitoring.write_rules(path)
            code, output = monitoring.run("promtool", "check", "rules", path)
        self.assertEqual(code, 0, output)

    def test_every_name_is_exported_or_recorded(self):
        for group in monitoring.rule_groups():
            for rule in group["rules"]:
                with self.subTest(rule=rule.get("alert") or rule.get("record")):
                    self.assertEqual(monitoring.unknown_names(rule["expr"]), [])

    def test_no_label_collides_with_those_of_the_target(self):
        # Prometheus would rename ours to exported_job, and only in some installations.
        for name, (_, labels) in monitoring.metric_table().items():
            self.assertEqual(labels & (monitoring.TARGET_LABELS | {"container", "endpoint"}), set(),
                             f"{name}: choose another name for this label")

    def test_every_window_is_recorded(self):
        names = monitoring.recorded()
        for window in WINDOWS:
            self.assertIn(f"job_slo:gtm_slo_burn:{window}", names)

    def test_the_latency_limits_are_bucket_edges(self):
        table = (monitoring.ROOT / "common/telemetry/metric_table.h").read_text()
        edges = re.search(r"kSecondsBuckets = \{([^}]*)\}", table).group(1)
        edges = {float(edge) for edge in edges.split(",")}
        for group in monitoring.rule_groups():
            for rule in group["rules"]:
                for _, labels in monitoring.selectors(rule["expr"]):
                    if "le" in labels:
                        self.assertIn(float(labels["le"]), edges, rule)


class Alerts(unittest.TestCase):
    def test_every_alert_is_complete(self):
        for name, rule in monitoring.alerts().items():
            with self.subTest(alert=name):
                self.assertRegex(name, r"^Gtm([A-Z0-9][a-z0-9]*)+$")
                self.assertIn(rule["labels"]["severity"], {"critical", "warning", "info"})
                self.assertIn(rule["labels"]["team"], {"platform", "revenue"})
                self.assertEqual(set(rule["annotations"]), ANNOTATIONS)
                dashboard = re.match(r"/d/([\w-]+)", rule["annotations"]["dashboard_url"]).group(1)
                self.assertIn(dashboard,
                              {found["uid"] for found in monitoring.dashboards().values()})

    def test_no_alert_has_two_rules(self):
        names = [rule["alert"] for group in monitoring.rule_groups() for rule in group["rules"]
                 if "alert" in rule]
        self.assertEqual(len(names), len(set(names)))

    def test_every_alert_has_a_runbook(self):
        for name, rule in monitoring.alerts().items():
            with self.subTest(alert=name):
                path = rule["annotations"]["runbook_url"]
                self.assertEqual(path, f"k8s/components/monitoring/runbooks/{name}.md")
                text = (monitoring.ROOT / path).read_text()
                self.assertTrue(text.startswith(f"# {name}\n"), path)
                for heading in ("## What it means", "## Look", "## Do"):
                    self.assertIn(f"\n{heading}\n", text, path)

    def test_every_runbook_has_an_alert(self):
        pages = {path.stem for path in (monitoring.FOLDER / "runbooks").glob("Gtm*.md")}
        self.assertEqual(pages - set(monitoring.alerts()), set())

    def test_every_alert_has_both_tests(self):
        files = {path.stem for path in monitoring.ALERT_TESTS.glob("*.yaml")}
        self.assertEqual(files, set(monitoring.alerts()))
        for path in monitoring.ALERT_TESTS.glob("*.yaml"):
            test = yaml.safe_load(path.read_text())
            self.assertTrue(test["fires"]["alerts"], path)
            for quiet in test.get("quiet", []):
                self.assertNotIn("alerts", quiet, path)
            # What is always on cannot be quiet.
            self.assertTrue("quiet" in test or path.stem == "GtmWatchdog", path)


def expand(name, case, rule):
    """A promtool test of one alert. The file of an alert says what is read by people; the
    labels and links that stand in the rule are taken from there."""
    expected = []
    for alert in case.get("alerts", []):
        labels = {key: str(value) for key, value in alert["labels"].items()}

        def link(key):
            text = rule["annotations"][key]
            return re.sub(r"\{\{ \$labels\.(\w+) \}\}",
                          lambda match: labels.get(match.group(1), ""), text)
        expected.append({
            "exp_labels": labels | rule["labels"],
            "exp_annotations": {
                "summary": alert["summary"], "description": alert["description"],
                "runbook_url": link("runbook_url"), "dashboard_url": link("dashboard_url")}})
    return {
        "interval": case.get("interval", "1m"),
        "input_series": [{"series": series, "values": values}
                         for series, values in case.get("series", {}).items()],
        "alert_rule_test": [{"eval_time": case["at"], "alertname": name, "exp_alerts": expected}],
    }


class AlertTests(unittest.TestCase):
    """promtool test rules; one run an alert, so that a failure names it."""

    def test_fires_and_stays_quiet(self):
        names = sorted(path.stem for path in monitoring.ALERT_TESTS.glob("*.yaml"))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, (code, output) in zip(names, pool.map(run_alert_tests, names)):
                with self.subTest(alert=name):
                    self.assertEqual(code, 0, output)


def run_alert_tests(name):
    """promtool over all cases of one alert."""
    test = yaml.safe_load((monitoring.ALERT_TESTS / f"{name}.yaml").read_text())
    groups = needed_groups(name)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}))
        paths = []
        for index, case in enumerate([test["fires"], *test.get("quiet", [])]):
            paths.append(folder / f"{'quiet' if index else 'fires'}-{index}.yaml")
            paths[-1].write_text(yaml.safe_dump({
                "rule_files": ["rules.yaml"],
                "evaluation_interval": case.get("evaluation", "1m"),
                "group_eval_order": [group["name"] for group in groups],
                "tests": [expand(name, case, monitoring.alerts()[name])]}))
        return monitoring.run("promtool", "test", "rules", *paths)


def needed_groups(alert):
    """The alert and the recorded series that it rests on: three days are evaluated often."""
    rules = [rule for group in monitoring.rule_groups() for rule in group["rules"]]
    wanted, names = [monitoring.alerts()[alert]["expr"]], set()
    while wanted:
        for name, _ in monitoring.selectors(wanted.pop()):
            if name not in names:
                names.add(name)
                wanted += [rule["expr"] for rule in rules if rule.get("record") == name]
    matchers = [labels["slo"] for _, labels in monitoring.selectors(monitoring.alerts()[alert]["expr"])
                if "slo" in labels]

    def is_needed(rule):
        slo = rule.get("labels", {}).get("slo")
        return rule.get("alert") == alert or rule.get("record") in names and (
            slo is None or any(re.fullmatch(matcher, slo) for matcher in matchers))
    groups = [group | {"rules": list(filter(is_needed, group["rules"]))}
              for group in monitoring.rule_groups()]
    return [group for group in groups if group["rules"]]


class Alertmanager(unittest.TestCase):
    config = monitoring.FOLDER / "alertmanager/alertmanager.yaml"

    def test_amtool_accepts_the_example(self):
        code, output = monitoring.run("amtool", "check-config", self.config)
        self.assertEqual(code, 0, output)

    def test_every_alert_goes_where_it_should(self):
        wanted = {("critical", "platform"): "pager", ("warning", "platform"): "tickets",
                  ("warning", "revenue"): "revenue-channel", ("info", "revenue"): "revenue-channel"}
        routes = set()
        for name, rule in monitoring.alerts().items():
            severity, team = rule["labels"]["severity"], rule["labels"]["team"]
            receiver = "dead-mans-switch" if name == "GtmWatchdog" else wanted[severity, team]
            routes.add((name, severity, team, receiver))
        for name, severity, team, receiver in sorted(routes):
            with self.subTest(alert=name):
                code, output = monitoring.run(
                    "amtool", "config", "routes", "test", f"--config.file={self.config}",
                    f"--verify.receivers={receiver}", f"alertname={name}", f"severity={severity}",
                    f"team={team}")
                self.assertEqual(code, 0, output)


if __name__ == "__main__":
    unittest.main()
