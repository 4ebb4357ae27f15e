"""The four questions, asked of the demo company by generated stubs."""

import subprocess
import unittest

from google.protobuf import json_format

import calls
import platform_process
from gtm.forecasting.v1 import resources_pb2 as forecasting
from gtm.forecasting.v1 import service_pb2 as forecasting_service
from gtm.forecasting.v1 import service_pb2_grpc as forecasting_grpc
from gtm.growth.v1 import resources_pb2 as growth
from gtm.growth.v1 import service_pb2 as growth_service
from gtm.growth.v1 import service_pb2_grpc as growth_grpc
from gtm.records.v1 import record_pb2, service_pb2
from gtm.records.v1 import service_pb2_grpc as records_grpc
from gtm.sponsorship.v1 import resources_pb2 as sponsorship
from gtm.sponsorship.v1 import service_pb2 as sponsorship_service
from gtm.sponsorship.v1 import service_pb2_grpc as sponsorship_grpc
from gtm.targeting.v1 import scores_pb2
from gtm.targeting.v1 import service_pb2 as targeting_service
from gtm.targeting.v1 import service_pb2_grpc as targeting_grpc
from gtm.type.v1 import estimate_pb2

TIMEOUT = calls.TIMEOUT_SECONDS
REPEAT = 40  # enough for a follower that is sometimes late to be late once


def setUpModule():
    global server, channel, records
    server = platform_process.PlatformProcess()
    unittest.addModuleCleanup(server.close)
    server.load_demo()
    channel = calls.connect(server.address)
    unittest.addModuleCleanup(channel.close)
    records = records_grpc.RecordsServiceStub(channel)


def micros(money):
    return money.units * 1_000_000 + money.nanos // 1000


class WhomToTarget(unittest.TestCase):
    def setUp(self):
        self.targeting = targeting_grpc.TargetingServiceStub(channel)

    def pages(self, page_size, **filters):
        request = targeting_service.ListTargetsRequest(page_size=page_size, **filters)
        while True:
            page = self.targeting.ListTargets(request, timeout=TIMEOUT)
            self.assertLessEqual(len(page.targets), page_size)
            yield page
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def test_pages_hold_every_account_once_in_order(self):
        pages = list(self.pages(37))
        targets = [target for page in pages for target in page.targets]
        self.assertEqual(len(pages), 9)  # 300 accounts
        self.assertEqual(len(targets), pages[0].total_count)
        self.assertEqual(len({target.account_id for target in targets}), 300)
        order = [(-target.priority.micropoints, target.account_id) for target in targets]
        self.assertEqual(order, sorted(order))
        whole = next(self.pages(1000))
        self.assertEqual([t.account_id for t in whole.targets], [t.account_id for t in targets])
        self.assertEqual(sum(count.account_count for count in whole.verdict_counts), 300)

    def test_an_explanation_adds_up_to_the_score(self):
        best = next(self.pages(1)).targets[0]
        answer = self.targeting.ScoreAccount(
            targeting_service.ScoreAccountRequest(account_id=best.account_id), timeout=TIMEOUT)
        fit = answer.score.fit
        self.assertEqual(sum(part.micropoints for part in fit.parts), fit.micropoints)
        self.assertEqual(answer.score.verdict, scores_pb2.TARGET_VERDICT_TARGET)
        self.assertEqual(answer.definition.definition_id, "demo-target")
        self.assertEqual(len(answer.provenance.input_sha256), 64)

    def test_a_page_token_belongs_to_its_question(self):
        page = next(self.pages(10))
        failed = calls.failure(self.targeting.ListTargets, targeting_service.ListTargetsRequest(
            page_size=10, prospects_only=True, page_token=page.next_page_token))
        self.assertEqual(failed.reason, "PAGE_TOKEN_INVALID")


class WhoSponsorsWhom(unittest.TestCase):
    def test_a_proposal_is_within_everybodys_capacity(self):
        stub = sponsorship_grpc.SponsorshipServiceStub(channel)
        run = stub.ProposeMatches(sponsorship_service.ProposeMatchesRequest(
            request_id=calls.fresh_request_id()), timeout=TIMEOUT)
        self.assertEqual(run.state, sponsorship.MatchRun.STATE_PROPOSED)
        pairs = {}
        for pair in run.pairs:
            pairs.setdefault(pair.executive_id, set()).add(pair.contact_id)
        self.assertEqual(sum(map(len, pairs.values())), len(run.pairs))
        capacity = stub.GetCapacity(sponsorship_service.GetCapacityRequest(), timeout=TIMEOUT)
        slots = {c.executive_id: c.slot_count for c in capacity.capacities}
        self.assertTrue(pairs)
        for executive, people in pairs.items():
            self.assertLessEqual(len(people), slots[executive])

    def test_a_proposal_can_be_read_at_once(self):
        stub = sponsorship_grpc.SponsorshipServiceStub(channel)
        for _ in range(REPEAT):
            run = stub.ProposeMatches(sponsorship_service.ProposeMatchesRequest(
                request_id=calls.fresh_request_id()), timeout=TIMEOUT)
            again = stub.GetMatchRun(sponsorship_service.GetMatchRunRequest(
                match_run_id=run.id), timeout=TIMEOUT)
            self.assertEqual(again, run)


class WhatWillClose(unittest.TestCase):
    def test_a_forecast_is_a_distribution_of_three_sources(self):
        stub = forecasting_grpc.ForecastingServiceStub(channel)
        forecast = stub.GetForecast(
            forecasting_service.GetForecastRequest(), timeout=TIMEOUT).forecast
        self.assertEqual(forecast.sufficiency, estimate_pb2.SUFFICIENCY_ENOUGH)
        bookings = forecast.bookings
        quantiles = [micros(q) for q in (
            bookings.p05, bookings.p10, bookings.p25, bookings.p50, bookings.p75, bookings.p90,
            bookings.p95)]
        self.assertEqual(quantiles, sorted(quantiles))
        self.assertEqual([part.source for part in forecast.parts], [
            forecasting.ForecastPart.SOURCE_WON, forecasting.ForecastPart.SOURCE_OPEN,
            forecasting.ForecastPart.SOURCE_NEW])
        whole = sum(micros(part.bookings.mean) for part in forecast.parts)
        self.assertAlmostEqual(whole, micros(bookings.mean), delta=1_000_000)

    def test_an_edition_can_be_read_at_once(self):
        stub = forecasting_grpc.ForecastingServiceStub(channel)
        for _ in range(REPEAT):
            edition = stub.CommitForecastEdition(
                forecasting_service.CommitForecastEditionRequest(
                    request_id=calls.fresh_request_id()), timeout=TIMEOUT)
            again = stub.GetForecastEdition(
                forecasting_service.GetForecastEditionRequest(id=edition.id), timeout=TIMEOUT)
            self.assertEqual(again, edition)

    def test_the_command_line_shows_the_same_message(self):
        stub = forecasting_grpc.ForecastingServiceStub(channel)
        asked = forecasting_service.GetForecastRequest()
        asked.point.as_of.FromJsonString("2026-08-20T00:00:00Z")
        answer = stub.GetForecast(asked, timeout=TIMEOUT)
        shown = subprocess.run(
            [platform_process.GTM, "--address", server.address, "forecast", "-o", "json",
             "--as-of", "2026-08-20T00:00:00Z"], check=True, capture_output=True, text=True)
        parsed = json_format.Parse(shown.stdout, forecasting_service.GetForecastResponse())
        self.assertEqual(parsed.forecast.bookings, answer.forecast.bookings)
        self.assertEqual(parsed.forecast.provenance.input_sha256,
                         answer.forecast.provenance.input_sha256)


class IsGrowthReal(unittest.TestCase):
    def test_five_signals_and_three_false_ones(self):
        stub = growth_grpc.GrowthServiceStub(channel)
        report = stub.GetSignals(growth_service.GetSignalsRequest(), timeout=TIMEOUT).report
        self.assertEqual((len(report.signals), len(report.false_signals)), (5, 3))
        everything = [*report.signals, *report.false_signals]
        self.assertEqual(len({signal.kind for signal in everything}), 8)
        self.assertNotIn(growth.SIGNAL_STATUS_UNSPECIFIED, [s.status for s in everything])

    def test_movements_of_revenue_sum_to_the_change(self):
        stub = growth_grpc.GrowthServiceStub(channel)
        answer = stub.GetRevenueMovements(
            growth_service.GetRevenueMovementsRequest(period_count=6), timeout=TIMEOUT)
        self.assertEqual(len(answer.movements), 6)
        for moved in answer.movements:
            parts = (moved.opening_mrr, moved.new_mrr, moved.reactivation_mrr,
                     moved.expansion_mrr, moved.contraction_mrr, moved.churn_mrr)
            self.assertEqual(sum(map(micros, parts)), micros(moved.closing_mrr))


class WhatIsKnown(unittest.TestCase):
    def test_pages_of_records_hold_each_once_by_rising_id(self):
        request = service_pb2.ListRequest(kind=record_pb2.RECORD_KIND_OPPORTUNITY, page_size=113)
        ids = []
        revisions = set()
        while True:
            page = records.List(request, timeout=TIMEOUT)
            ids += [record.opportunity.id for record in page.records]
            revisions.add(page.revision)
            if not page.next_page_token:
                break
            request.page_token = page.next_page_token
        head = records.GetHead(service_pb2.GetHeadRequest(), timeout=TIMEOUT)
        self.assertEqual(len(ids), head.record_counts["opportunity"])
        self.assertGreater(len(ids), 226)
        self.assertEqual(ids, sorted(set(ids)))
        self.assertEqual(len(revisions), 1)


if __name__ == "__main__":
    unittest.main()
