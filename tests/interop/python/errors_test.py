"""Errors as a program sees them: a code, one reason, its values, every invalid field."""

import unittest

import grpc

import calls
import platform_process
from gtm.crm.v1 import account_pb2, people_pb2
from gtm.errors.v1 import error_reason_pb2
from gtm.forecasting.v1 import service_pb2 as forecasting_service
from gtm.forecasting.v1 import service_pb2_grpc as forecasting_grpc
from gtm.records.v1 import record_pb2, service_pb2
from gtm.records.v1 import service_pb2_grpc as records_grpc
from gtm.targeting.v1 import service_pb2 as targeting_service
from gtm.targeting.v1 import service_pb2_grpc as targeting_grpc
from gtm.type.v1 import time_pb2

TIMEOUT = calls.TIMEOUT_SECONDS
Code = grpc.StatusCode


def setUpModule():
    global records, targeting, forecasting
    server = platform_process.PlatformProcess()
    unittest.addModuleCleanup(server.close)
    channel = calls.connect(server.address)
    unittest.addModuleCleanup(channel.close)
    records = records_grpc.RecordsServiceStub(channel)
    targeting = targeting_grpc.TargetingServiceStub(channel)
    forecasting = forecasting_grpc.ForecastingServiceStub(channel)


def put(mode=service_pb2.Mutation.MODE_UNSPECIFIED, etag="", **account):
    return service_pb2.Mutation(
        put=record_pb2.Record(account=account_pb2.Account(**account)), mode=mode, etag=etag)


def commit(mutation, request_id=None):
    return service_pb2.CommitRequest(
        request_id=request_id or calls.fresh_request_id(), mutation=mutation)


class Errors(unittest.TestCase):
    def expect(self, failed, code, reason, domain):
        self.assertEqual(failed.code, code)
        self.assertEqual([info.reason for info in failed.infos], [reason])
        self.assertEqual(failed.infos[0].domain, domain)
        self.assertIn(reason, error_reason_pb2.ErrorReason.keys())
        self.assertTrue(failed.message)

    def test_every_invalid_field_is_named(self):
        failed = calls.failure(records.BatchCommit, service_pb2.BatchCommitRequest(
            request_id=calls.fresh_request_id(),
            mutations=[put(id="fine", display_name="Fine"),
                       put(id="", employee_count=-1)]))
        self.expect(failed, Code.INVALID_ARGUMENT, "INVALID_FIELDS", "records.gtm")
        self.assertEqual(
            set(failed.violations),
            {"mutations[1].put.account.id", "mutations[1].put.account.employee_count"})
        for description in failed.violations.values():
            self.assertTrue(description)
        missing = calls.failure(records.Get, service_pb2.GetRequest(
            key=record_pb2.RecordKey(kind=record_pb2.RECORD_KIND_ACCOUNT, id="fine")))
        self.expect(missing, Code.NOT_FOUND, "RECORD_NOT_FOUND", "records.gtm")  # all or none

    def test_fields_of_a_question(self):
        request = forecasting_service.GetForecastRequest(period=time_pb2.FiscalPeriod(
            unit=time_pb2.FiscalPeriod.UNIT_QUARTER, fiscal_year=2026, index=5))
        failed = calls.failure(forecasting.GetForecast, request)
        self.expect(failed, Code.INVALID_ARGUMENT, "INVALID_FIELDS", "forecasting.gtm")
        self.assertEqual(list(failed.violations), ["period.index"])

    def test_what_is_missing_is_named(self):
        failed = calls.failure(records.Get, service_pb2.GetRequest(
            key=record_pb2.RecordKey(kind=record_pb2.RECORD_KIND_CONTACT, id="nobody")))
        self.expect(failed, Code.NOT_FOUND, "RECORD_NOT_FOUND", "records.gtm")
        self.assertEqual(failed.metadata, {"kind": "contact", "id": "nobody"})

    def test_a_lost_race_tells_both_etags(self):
        first = records.Commit(
            commit(put(id="raced", display_name="One")), timeout=TIMEOUT).result.record.account
        records.Commit(
            commit(put(id="raced", display_name="Two", etag=first.etag)), timeout=TIMEOUT)
        failed = calls.failure(
            records.Commit, commit(put(id="raced", display_name="Three", etag=first.etag)))
        self.expect(failed, Code.ABORTED, "ETAG_MISMATCH", "records.gtm")
        self.assertEqual(failed.metadata["expected"], first.etag)
        self.assertNotEqual(failed.metadata["etag"], first.etag)

    def test_a_state_that_does_not_allow_it(self):
        failed = calls.failure(targeting.ScoreAccount,
                               targeting_service.ScoreAccountRequest(account_id="raced"))
        self.expect(failed, Code.FAILED_PRECONDITION, "NO_ACTIVE_DEFINITION", "targeting.gtm")

    def test_another_tenant_sees_nothing(self):
        records.Commit(commit(put(id="ours", display_name="Ours")), timeout=TIMEOUT)
        failed = calls.failure(records.Get, service_pb2.GetRequest(
            key=record_pb2.RecordKey(kind=record_pb2.RECORD_KIND_ACCOUNT, id="ours")),
            metadata=[("gtm-tenant", "another")])
        self.expect(failed, Code.NOT_FOUND, "RECORD_NOT_FOUND", "records.gtm")

    def test_a_page_size_below_zero(self):
        failed = calls.failure(records.List, service_pb2.ListRequest(
            kind=record_pb2.RECORD_KIND_ACCOUNT, page_size=-1))
        self.expect(failed, Code.INVALID_ARGUMENT, "INVALID_FIELDS", "records.gtm")
        self.assertEqual(list(failed.violations), ["page_size"])


class RequestIds(unittest.TestCase):
    def test_the_same_request_acts_once(self):
        request = commit(put(id="once", display_name="Once",
                             mode=service_pb2.Mutation.MODE_CREATE))
        first = records.Commit(request, timeout=TIMEOUT)
        self.assertEqual(records.Commit(request, timeout=TIMEOUT), first)
        fresh = calls.failure(records.Commit, commit(request.mutation))
        self.assertEqual(fresh.reason, "RECORD_EXISTS")

    def test_an_id_of_another_request_is_refused(self):
        request = commit(put(id="reused", display_name="One"))
        records.Commit(request, timeout=TIMEOUT)
        failed = calls.failure(records.Commit, commit(
            put(id="reused", display_name="Two"), request_id=request.request_id))
        self.assertEqual(failed.code, Code.INVALID_ARGUMENT)
        self.assertEqual(failed.reason, "REQUEST_ID_REUSED")
        self.assertEqual(failed.metadata["request_id"], request.request_id)

    def test_a_decision_is_kept_once(self):
        records.Commit(commit(service_pb2.Mutation(put=record_pb2.Record(
            seller=people_pb2.Seller(id="s1", display_name="Seller")))), timeout=TIMEOUT)
        request = forecasting_service.CommitForecastEditionRequest(
            request_id=calls.fresh_request_id(), note="kept once")
        first = forecasting.CommitForecastEdition(request, timeout=TIMEOUT)
        self.assertEqual(forecasting.CommitForecastEdition(request, timeout=TIMEOUT), first)
        self.assertEqual(first.id, request.request_id)


if __name__ == "__main__":
    unittest.main()
