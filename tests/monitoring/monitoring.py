"""What the monitoring tests share: reading rules, dashboards and the list of metrics."""

import functools
import json
import pathlib
import re
import subprocess

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "k8s/components/monitoring"
ALERT_TESTS = pathlib.Path(__file__).resolve().parent / "alerts"

# Labels that the scrape adds, and that Prometheus makes.
TARGET_LABELS = {"job", "instance", "namespace", "pod", "service"}
# Metrics that are not the platform's, with their labels: Prometheus' own, and what
# kube-state-metrics tells of the backup's CronJob.
OTHERS = {
    "up": set(),
    "ALERTS": {"alertname", "alertstate", "severity"},
    "ALERTS_FOR_STATE": {"alertname", "severity"},
    "kube_cronjob_status_last_schedule_time": {"cronjob"},
    "kube_cronjob_status_last_successful_time": {"cronjob"},
}


@functools.cache
def rule_groups():
    """The groups of every PrometheusRule, in the order of the files."""
    groups = []
    for path in sorted((FOLDER / "rules").glob("*.yaml"), reverse=True):  # recording first
        document = yaml.safe_load(path.read_text())
        assert document["kind"] == "PrometheusRule", path
        groups += document["spec"]["groups"]
    return groups


def write_rules(path, change=lambda group: group):
    """As Prometheus reads them without the operator."""
    groups = [change(group) for group in json.loads(json.dumps(rule_groups()))]
    path.write_text(yaml.safe_dump({"groups": groups}, sort_keys=False))


def alerts():
    """{name: rule}"""
    return {rule["alert"]: rule
            for group in rule_groups() for rule in group["rules"] if "alert" in rule}


def recorded():
    """{name of a recorded series: labels that its rules set}"""
    result = {}
    for group in rule_groups():
        for rule in group["rules"]:
            if "record" in rule:
                result.setdefault(rule["record"], set()).update(rule.get("labels", {}))
    return result


@functools.cache
def dashboards():
    """{file name: dashboard}"""
    return {path.name: json.loads(path.read_text())
            for path in sorted((FOLDER / "dashboards").glob("*.json"))}


def panels(dashboard):
    """Panels that show something: no rows."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


@functools.cache
def metric_table():
    """{metric: (type, labels)} as common/telemetry documents it; its own test holds that equal
    to the table in the code."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) ?\|",
                      (ROOT / "common/telemetry/README.md").read_text(), re.MULTILINE)
    assert rows, "no table of metrics in common/telemetry/README.md"
    return {name: (kind, {label.strip() for label in labels.split(",") if label.strip()})
            for name, kind, labels in rows}


@functools.cache
def known_series():
    """{series name: labels that it can have}, without those of the target."""
    known = dict(OTHERS)
    for name, (kind, labels) in metric_table().items():
        if kind == "histogram":
            known[f"{name}_bucket"] = labels | {"le"}
            known[f"{name}_count"] = labels
            known[f"{name}_sum"] = labels
        else:
            known[name] = labels
    for name, labels in recorded().items():
        known[name] = {"slo"} | labels
    return known


_KEYWORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless",
             "bool", "offset", "inf", "nan", "Inf", "NaN"}


def selectors(expr):
    """[(series name, {label: matcher value})] that an expression reads."""
    # Groupings name labels, not series; ranges are durations.
    expr = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", expr)
    expr = re.sub(r"\[[^\]]*\]", " ", expr)
    found = []
    for match in re.finditer(
            r'(?<![\w.])([a-zA-Z_:][\w:]*)\s*(\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\})?', expr):
        name, labels = match.group(1), match.group(2) or ""
        is_function = expr[match.end():].lstrip().startswith("(")
        if name not in _KEYWORDS and not is_function:
            matchers = re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"', labels)
            found.append((name, dict(matchers)))
    return found


def grouping_labels(expr):
    return {label.strip()
            for labels in re.findall(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)", expr)
            for label in labels.split(",") if label.strip()}


def unknown_names(expr):
    """What an expression names and nothing exports: series and labels."""
    known, wrong, labels_here = known_series(), [], set(TARGET_LABELS)
    for name, labels in selectors(expr):
        if name not in known:
            wrong.append(f"no such series: {name}")
            continue
        labels_here |= known[name]
        wrong += [f"{name} has no label {label}"
                  for label in labels if label not in known[name] | TARGET_LABELS]
    wrong += [f"nothing here has the label {label}"
              for label in grouping_labels(expr) - labels_here]
    return wrong


def run(*command, **options):
    """(exit code, output) of a program."""
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    return done.returncode, done.stdout
