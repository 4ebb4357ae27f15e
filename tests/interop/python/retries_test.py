"""Deadlines, and the retries of the shipped service config."""

import concurrent.futures
import json
import threading
import time
import unittest

import grpc

import calls
import platform_process
from gtm.forecasting.v1 import service_pb2 as forecasting_service
from gtm.forecasting.v1 import service_pb2_grpc as forecasting_grpc
from gtm.records.v1 import record_pb2, service_pb2
from gtm.records.v1 import service_pb2_grpc as records_grpc

TIMEOUT = calls.TIMEOUT_SECONDS
Code = grpc.StatusCode


RETRIED = {
    Code[name] for name in
    json.loads(calls.SERVICE_CONFIG)["methodConfig"][0]["retryPolicy"]["retryableStatusCodes"]
}


class Moody(records_grpc.RecordsServiceServicer):
    """Fails with the codes given, one a call, then answers."""

    def __init__(self, codes, pushback_ms):
        self.codes = list(codes)
        self.pushback_ms = pushback_ms
        self.call_times = []

    def GetHead(self, request, context):
        self.call_times.append(time.monotonic())
        if self.codes:
            if self.pushback_ms is not None:
                context.set_trailing_metadata([("grpc-retry-pushback-ms", str(self.pushback_ms))])
            context.abort(self.codes.pop(0), "in a bad mood")
        return service_pb2.GetHeadResponse(revision="e1:1")


class Retries(unittest.TestCase):
    def call(self, *codes, pushback_ms=None):
        """Calls a server that fails so. Returns how often it was called, and the last code."""
        servicer = Moody(codes, pushback_ms)
        self.call_times = servicer.call_times
        server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        records_grpc.add_RecordsServiceServicer_to_server(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        self.addCleanup(server.stop, None)
        with calls.connect(f"127.0.0.1:{port}") as channel:
            stub = records_grpc.RecordsServiceStub(channel)
            try:
                stub.GetHead(service_pb2.GetHeadRequest(), timeout=TIMEOUT)
                return len(servicer.call_times), Code.OK
            except grpc.RpcError as error:
                return len(servicer.call_times), error.code()

    def test_unavailable_is_tried_again(self):
        self.assertEqual(self.call(Code.UNAVAILABLE, Code.UNAVAILABLE), (3, Code.OK))

    def test_but_not_for_ever(self):
        self.assertEqual(self.call(*[Code.UNAVAILABLE] * 9), (4, Code.UNAVAILABLE))

    def test_nothing_is_that_could_have_acted(self):
        self.assertLessEqual(RETRIED, {Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED, Code.CANCELLED})
        for code in set(Code) - RETRIED - {Code.OK}:
            with self.subTest(code.name):
                self.assertEqual(self.call(code), (1, code))

    def test_a_server_says_when(self):
        for code in RETRIED:
            with self.subTest(code.name):
                self.assertEqual(self.call(code, pushback_ms=400), (2, Code.OK))
                self.assertGreaterEqual(self.call_times[1] - self.call_times[0], 0.4)

    def test_a_server_says_not_at_all(self):
        for code in RETRIED:
            with self.subTest(code.name):
                self.assertEqual(self.call(code, pushback_ms=-1), (1, code))


class Deadlines(unittest.TestCase):
    def setUp(self):
        self.server = platform_process.PlatformProcess()
        self.addCleanup(self.server.close)
        self.channel = calls.connect(self.server.address)
        self.addCleanup(self.channel.close)
        self.records = records_grpc.RecordsServiceStub(self.channel)

    def test_a_call_ends_at_its_deadline(self):
        # A revision that does not come is waited for until the deadline.
        head = self.records.GetHead(service_pb2.GetHeadRequest(), timeout=TIMEOUT).revision
        epoch, sequence = head.split(":")
        request = forecasting_service.GetForecastRequest()
        request.point.min_revision = f"{epoch}:{int(sequence) + 1}"
        started = time.monotonic()
        failed = calls.failure(
            forecasting_grpc.ForecastingServiceStub(self.channel).GetForecast, request, timeout=1)
        self.assertEqual(failed.code, Code.DEADLINE_EXCEEDED)
        self.assertLess(time.monotonic() - started, TIMEOUT / 2)
        self.assertIn(failed.reason, ("", "REVISION_NOT_REACHED"))  # ours or the server's clock

    def test_a_watch_ends_at_its_deadline(self):
        failed = calls.failure(
            lambda timeout: list(self.records.Watch(service_pb2.WatchRequest(), timeout=timeout)),
            timeout=1)
        self.assertEqual(failed.code, Code.DEADLINE_EXCEEDED)

    def test_a_call_waits_for_a_server_that_restarts(self):
        self.records.GetHead(service_pb2.GetHeadRequest(), timeout=TIMEOUT)
        self.server.kill()
        back = threading.Timer(0.5, self.server.start)
        back.start()
        self.addCleanup(back.join)
        answer = self.records.List(
            service_pb2.ListRequest(kind=record_pb2.RECORD_KIND_ACCOUNT),
            timeout=TIMEOUT, wait_for_ready=True)
        self.assertEqual(len(answer.records), 0)


if __name__ == "__main__":
    unittest.main()
