#!/usr/bin/env python3
"""The dashboards by the book: ids, places, data sources, descriptions, names. That their
queries give data is live_test's to say."""

import collections
import re
import sys
import unittest

import monitoring

sys.path.insert(0, str(monitoring.FOLDER / "dashboards"))
sys.dont_write_bytecode = True
import generate  # noqa: E402  (found by the line above)

UIDS = {"gtm-overview", "gtm-service", "gtm-storage", "gtm-feed", "gtm-security", "gtm-revenue",
        "gtm-slo"}
VARIABLES = {"datasource", "namespace", "service"}
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
KINDS = {"timeseries", "stat", "gauge", "bargauge", "table", "state-timeline", "heatmap"}
# Units of Grafana that are used here; base units only.
UNITS = {"short", "reqps", "ops", "cps", "s", "bytes", "percentunit", "dateTimeFromNow"}
# Counters must be asked for their rate: their value says nothing.
OVER_TIME = r"\b(?:rate|increase|irate)\(\s*%s\b"


class Dashboards(unittest.TestCase):
    def check_panels(self, check):
        """check(panel), with a failure for each panel that does not hold."""
        for name, dashboard in monitoring.dashboards().items():
            for panel in monitoring.panels(dashboard):
                with self.subTest(dashboard=name, panel=panel["title"]):
                    check(panel)

    def check_expressions(self, check):
        self.check_panels(lambda panel: [check(target["expr"]) for target in panel["targets"]])

    def test_json_is_what_the_sources_say(self):
        for name, text in generate.render().items():
            with self.subTest(dashboard=name):
                self.assertEqual((monitoring.FOLDER / "dashboards" / name).read_text(), text,
                                 "run k8s/components/monitoring/dashboards/generate.py")
        self.assertEqual(set(generate.render()), set(monitoring.dashboards()))

    def test_seven_with_stable_uids(self):
        uids = [dashboard["uid"] for dashboard in monitoring.dashboards().values()]
        self.assertEqual(sorted(uids), sorted(UIDS))
        titles = [dashboard["title"] for dashboard in monitoring.dashboards().values()]
        self.assertEqual(len(set(titles)), len(titles))
        for dashboard in monitoring.dashboards().values():
            self.assertNotIn("id", dashboard, "an id is one Grafana's own")

    def test_links_lead_to_all_others(self):
        for dashboard in monitoring.dashboards().values():
            targets = {link["url"].removeprefix("/d/") for link in dashboard["links"]}
            self.assertEqual(targets, UIDS - {dashboard["uid"]})
            for link in dashboard["links"]:
                self.assertTrue(link["keepTime"] and link["includeVars"])

    def test_variables(self):
        for name, dashboard in monitoring.dashboards().items():
            with self.subTest(dashboard=name):
                variables = {variable["name"]: variable
                             for variable in dashboard["templating"]["list"]}
                self.assertEqual(set(variables), VARIABLES)
                for variable in variables.values():
                    if variable["type"] == "query":
                        self.assertEqual(variable["datasource"], DATASOURCE)
                        self.assertEqual(monitoring.unknown_names(
                            re.match(r"label_values\((.*), \w+\)$", variable["query"]["query"]).group(1)
                        ), [])

    def test_panel_ids_and_titles_are_unique(self):
        for name, dashboard in monitoring.dashboards().items():
            with self.subTest(dashboard=name):
                ids = [panel["id"] for panel in dashboard["panels"]]
                self.assertEqual(len(set(ids)), len(ids))
                titles = [panel["title"] for panel in monitoring.panels(dashboard)]
                self.assertEqual([title for title, count in collections.Counter(titles).items()
                                  if count > 1], [])

    def test_panels_do_not_overlap_and_fill_their_rows(self):
        for name, dashboard in monitoring.dashboards().items():
            taken = {}
            for panel in dashboard["panels"]:
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, panel["title"])
                self.assertGreaterEqual(place["w"], 4, panel["title"])
                for x in range(place["x"], place["x"] + place["w"]):
                    for y in range(place["y"], place["y"] + place["h"]):
                        self.assertNotIn((x, y), taken, f"{name}: {panel['title']} lies on "
                                                        f"{taken.get((x, y))}")
                        taken[x, y] = panel["title"]
            height = max(y for _, y in taken) + 1
            self.assertEqual(len(taken), 24 * height, f"{name} has holes")

    def test_titles_fit(self):
        def check(panel):  # about 7.5 pixels a letter, 50 a column of a window of 1200
            self.assertLess(7.5 * len(panel["title"]), 50 * panel["gridPos"]["w"] - 20)
        self.check_panels(check)

    def test_datasource_only_by_variable(self):
        def check(panel):
            self.assertEqual(panel["datasource"], DATASOURCE)
            for target in panel["targets"]:
                self.assertEqual(target["datasource"], DATASOURCE)
        self.check_panels(check)

    def test_descriptions_say_formula_and_owner(self):
        def check(panel):
            self.assertRegex(panel["description"], r"(?s)^.{15,}\n\n\*\*Formula:\*\* .{5,}"
                                                   r"\n\n\*\*Owner:\*\* \w+")
        self.check_panels(check)

    def test_kinds_and_units(self):
        def check(panel):
            self.assertIn(panel["type"], KINDS)
            self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS)
            self.assertTrue(panel["targets"])
            self.assertEqual(len({target["refId"] for target in panel["targets"]}),
                             len(panel["targets"]))
        self.check_panels(check)

    def test_thresholds_rise(self):
        def check(panel):
            steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
            self.assertIsNone(steps[0]["value"])
            values = [step["value"] for step in steps[1:]]
            self.assertEqual(values, sorted(values))
        self.check_panels(check)

    def test_every_name_is_exported_or_recorded(self):
        def check(expr):
            self.assertEqual(monitoring.unknown_names(expr), [], expr)
        self.check_expressions(check)

    def test_every_query_obeys_the_variables(self):
        def check(expr):
            for name, labels in monitoring.selectors(expr):
                if not name.startswith("ALERTS"):  # of all processes and places
                    self.assertEqual(labels.get("namespace"), "$namespace", expr)
                if name not in monitoring.OTHERS or name == "up":
                    self.assertEqual(labels.get("job"), "$service", expr)
        self.check_expressions(check)

    def test_rates_adapt_to_the_scrape_interval(self):
        def check(expr):
            for window in re.findall(r"\brate\([^\[]*\[([^\]]*)\]", expr):
                self.assertIn(window, {"$__rate_interval", "30m"}, expr)
        self.check_expressions(check)

    def test_counters_are_asked_for_their_rate(self):
        table = monitoring.metric_table()

        def check(expr):
            for name, _ in monitoring.selectors(expr):
                base = re.sub(r"_(bucket|count|sum)$", "", name)
                kind = table.get(name, table.get(base, ("gauge",)))[0]
                if kind in ("counter", "histogram"):
                    self.assertRegex(expr, OVER_TIME % name)
        self.check_expressions(check)

    def test_series_of_all_tenants_or_methods_are_summed_up(self):
        def check(expr):
            if "grpc_server_" in expr or "gtm_store_op" in expr:
                self.assertRegex(expr, r"\b(sum|topk|count|max)\b", expr)
        self.check_expressions(check)

    def test_every_metric_of_the_table_is_on_a_dashboard(self):
        expressions = [rule["expr"] for group in monitoring.rule_groups()
                       for rule in group["rules"]]
        for dashboard in monitoring.dashboards().values():
            expressions += [target["expr"] for panel in monitoring.panels(dashboard)
                            for target in panel["targets"]]
        shown = {re.sub(r"_(bucket|count|sum)$", "", name)
                 for expr in expressions for name, _ in monitoring.selectors(expr)}
        self.assertEqual(set(monitoring.metric_table()) - shown - NOT_SHOWN, set())


# Exported and on no dashboard, with the reason.
NOT_SHOWN = {
    "process_virtual_memory_bytes",  # says nothing that resident memory does not
    "grpc_client_started_total",     # differs from what was handled only by what is in flight
}


if __name__ == "__main__":
    unittest.main()
