#!/usr/bin/env python3
"""Makes the Grafana dashboards of this folder from source/*.yaml.

A source says what a panel asks and why; everything that all panels share (variables,
data source, links, placing, the words of a description) is said once, here. The JSON is
committed, so that nobody needs this program to use it; a test holds the two equal.

  generate.py            writes <name>.json for every source/<name>.yaml
  generate.py --check    fails where a file is not what would be written
"""

import json
import pathlib
import sys

import yaml

FOLDER = pathlib.Path(__file__).resolve().parent
# What "{@" in a query becomes: the series that the variables of the dashboard select.
SELECTION = 'namespace=~"$namespace",job=~"$service"'
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
COLORS = {"ok": "green", "watch": "orange", "act": "red", "unknown": "gray"}


def variables():
    def query(name, label, text, all_value, description):
        return {
            "name": name, "label": label, "type": "query", "datasource": DATASOURCE,
            "query": {"query": text, "refId": "Variable"},
            "refresh": 2, "sort": 1, "multi": True, "includeAll": True, "allValue": all_value,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
            "description": description,
        }

    return [
        {
            "name": "datasource", "label": "Data source", "type": "datasource",
            "query": "prometheus", "refresh": 1,
            "description": "The Prometheus that scrapes the platform.",
        },
        query("namespace", "Namespace", "label_values(gtm_build_info, namespace)", ".*",
              "Kubernetes namespace. All: also series without one."),
        query("service", "Service", 'label_values(gtm_build_info{namespace=~"$namespace"}, job)',
              "gtm.*", "Process: gtm-records, gtm-targeting, ... or gtm, which is all of them."),
    ]


def links(own_uid, dashboards):
    return [
        {
            "type": "link", "title": title, "url": f"/d/{uid}", "icon": "dashboard",
            "keepTime": True, "includeVars": True, "targetBlank": False, "asDropdown": False,
            "tags": [], "tooltip": "",
        }
        for uid, title in dashboards
        if uid != own_uid
    ]


def description(panel):
    text = f"{panel['says'].strip()}\n\n**Formula:** {panel['formula'].strip()}"
    if "needs" in panel:
        text += f"\n\n**Empty when:** {panel['needs'].strip()}"
    return text + f"\n\n**Owner:** {panel['owner']}"


def thresholds(panel):
    """[[value, color], ...]; the first value is null: from the bottom."""
    steps = panel.get("thresholds", [[None, "text" if panel["kind"] == "stat" else "green"]])
    return {"mode": "absolute",
            "steps": [{"value": value, "color": color} for value, color in steps]}


def targets(panel):
    result = []
    for index, query in enumerate(panel["queries"]):
        expr = " ".join(query["expr"].split()).replace("{@", "{" + SELECTION)
        instant = panel["kind"] in ("table", "bargauge")
        result.append({
            "refId": chr(ord("A") + index), "datasource": DATASOURCE, "expr": expr,
            "legendFormat": query.get("legend", "__auto"),
            "instant": instant, "range": not instant,
            "format": {"table": "table", "heatmap": query.get("format", "time_series")}.get(
                panel["kind"], "time_series"),
        })
    return result


def field_config(panel):
    defaults = {"unit": panel.get("unit", "short"), "thresholds": thresholds(panel),
                "color": {"mode": "thresholds" if panel["kind"] in
                          ("stat", "bargauge", "state-timeline", "gauge") else "palette-classic"}}
    for key in ("min", "max", "decimals"):
        if key in panel:
            defaults[key] = panel[key]
    if "none" in panel:  # what is shown where there is no series
        defaults["noValue"] = panel["none"]
    if "values" in panel:  # number -> [word, color]
        defaults["mappings"] = [{"type": "value", "options": {
            str(value): {"index": index, "text": text, "color": color}
            for index, (value, (text, color)) in enumerate(panel["values"].items())}}]
    if panel["kind"] == "timeseries":
        stacked = panel.get("stack", False)
        defaults["custom"] = {
            "drawStyle": "line", "lineWidth": 1, "fillOpacity": 25 if stacked else 8,
            "showPoints": "never", "spanNulls": False, "axisSoftMin": 0,
            "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
            "thresholdsStyle": {"mode": "dashed" if "thresholds" in panel else "off"},
        }
    if panel["kind"] == "table":
        defaults["custom"] = {"align": "auto", "filterable": True}
    overrides = [
        {"matcher": {"id": "byName", "options": name},
         "properties": [{"id": key, "value": value} for key, value in properties.items()]}
        for name, properties in panel.get("fields", {}).items()]
    return {"defaults": defaults, "overrides": overrides}


def options(panel):
    kind = panel["kind"]
    if kind == "timeseries":
        return {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True,
                           "calcs": ["lastNotNull", "max"]},
                "tooltip": {"mode": "multi", "sort": "desc"}}
    if kind in ("stat", "gauge", "bargauge"):
        result = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                  "orientation": "horizontal" if kind == "bargauge" else "auto"}
        if kind == "stat":
            result.update({"colorMode": "value", "graphMode": panel.get("graph", "area"),
                           "textMode": panel.get("text", "auto"), "justifyMode": "auto"})
        if kind == "bargauge":
            result.update({"displayMode": "basic", "showUnfilled": True})
        return result
    if kind == "table":
        return {"showHeader": True, "cellHeight": "sm",
                "sortBy": [{"displayName": panel["sort"], "desc": True}] if "sort" in panel else []}
    if kind == "state-timeline":
        return {"mergeValues": True, "showValue": "auto", "alignValue": "left", "rowHeight": 0.8,
                "tooltip": {"mode": "single", "sort": "none"},
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True,
                           "calcs": []}}
    if kind == "heatmap":
        return {"calculate": False, "yAxis": {"unit": panel.get("unit", "short")},
                "cellGap": 1, "legend": {"show": True},
                "color": {"mode": "scheme", "scheme": "Blues", "steps": 32, "reverse": False,
                          "fill": "dark-blue", "exponent": 0.5},
                "tooltip": {"mode": "single", "yHistogram": False}}
    raise ValueError(f"{panel['title']}: no such kind of panel: {kind}")


def transformations(panel):
    """Tables: the columns to show, in order, as {field: heading}; the others are hidden."""
    if panel["kind"] != "table":
        return []
    columns = panel["columns"]
    merge = [{"id": "merge", "options": {}}] if len(panel["queries"]) > 1 else []
    return merge + [
        {"id": "filterFieldsByName", "options": {"include": {"names": list(columns)}}},
        {"id": "organize", "options": {
            "indexByName": {name: index for index, name in enumerate(columns)},
            "renameByName": dict(columns)}},
    ]


def make_panel(panel, panel_id, position):
    made = {"id": panel_id, "type": panel["kind"], "title": panel["title"],
            "description": description(panel), "datasource": DATASOURCE, "gridPos": position,
            "fieldConfig": field_config(panel), "options": options(panel)}
    made["targets"] = targets(panel)
    if panel["kind"] == "timeseries":
        made["interval"] = "15s"
    return made | {"transformations": transformations(panel)}


def place(rows):
    """Left to right, top to bottom; ids count from 1 in the same order."""
    panels, panel_id, y = [], 1, 0
    for row in rows:
        panels.append({"id": panel_id, "type": "row", "title": row["title"], "collapsed": False,
                       "gridPos": {"x": 0, "y": y, "w": 24, "h": 1}, "panels": []})
        panel_id, y, x, height = panel_id + 1, y + 1, 0, 0
        for panel in row["panels"]:
            w, h = panel["size"]
            if x + w > 24:
                x, y, height = 0, y + height, 0
            panels.append(make_panel(panel, panel_id, {"x": x, "y": y, "w": w, "h": h}))
            panel_id, x, height = panel_id + 1, x + w, max(height, h)
        y += height
    return panels


def make_dashboard(source, dashboards):
    return {
        "uid": source["uid"], "title": source["title"], "description": source["about"].strip(),
        "tags": ["gtm"], "schemaVersion": 39, "version": 1, "editable": False, "graphTooltip": 1,
        "time": {"from": source.get("from", "now-6h"), "to": "now"}, "timezone": "",
        "refresh": source.get("refresh", "30s"), "annotations": {"list": []},
        "templating": {"list": variables()}, "links": links(source["uid"], dashboards),
        "panels": place(source["rows"]),
    }


def render():
    """{file name: text} of every dashboard."""
    sources = {path.stem: yaml.safe_load(path.read_text())
               for path in sorted((FOLDER / "source").glob("*.yaml"))}
    order = sorted(sources.values(), key=lambda source: source["order"])
    dashboards = [(source["uid"], source["title"].split(" / ")[-1]) for source in order]
    return {f"{name}.json": json.dumps(make_dashboard(source, dashboards), indent=2) + "\n"
            for name, source in sources.items()}


def main():
    wrong = []
    for name, text in render().items():
        path = FOLDER / name
        if path.exists() and path.read_text() == text:
            continue
        if "--check" in sys.argv:
            wrong.append(name)
        else:
            path.write_text(text)
            print(f"wrote {name}")
    if wrong:
        sys.exit(f"not as the sources say, run {FOLDER.name}/generate.py: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
