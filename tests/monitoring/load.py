"""A little of everything that clients do to the platform, mistakes included, so that every
panel has something to show."""

import pathlib
import subprocess
import sys
import threading
import uuid

import grpc

import monitoring

TIMEOUT = 20


def compile_protos(folder):
    """Message classes of the contract, importable from `folder`."""
    protos = monitoring.ROOT / "protos"
    files = sorted(str(path.relative_to(protos)) for path in (protos / "gtm").rglob("*.proto"))
    subprocess.run(["protoc", f"-I{protos}", f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, str(folder))


def call(channel, method, request, response, **options):
    """One unary call; `method` is "package.Service/Method"."""
    return channel.unary_unary(
        f"/{method}", request_serializer=type(request).SerializeToString,
        response_deserializer=response.FromString)(request, timeout=TIMEOUT, **options)


def fresh_id():
    return str(uuid.uuid4())


class Load:
    """Rounds of calls on a thread of its own, until stop()."""

    def __init__(self, address):
        from gtm.records.v1 import record_pb2, service_pb2
        from gtm.targeting.v1 import service_pb2 as targeting_pb2
        from gtm.forecasting.v1 import service_pb2 as forecasting_pb2
        from gtm.growth.v1 import service_pb2 as growth_pb2
        from gtm.sponsorship.v1 import service_pb2 as sponsorship_pb2
        self.record, self.records, self.targeting = record_pb2, service_pb2, targeting_pb2
        self.forecasting, self.growth = forecasting_pb2, growth_pb2
        self.sponsorship = sponsorship_pb2
        self.channel = grpc.insecure_channel(address)
        self.replayed = self.put(f"load-{fresh_id()}")
        self.rounds, self.codes = 0, set()
        self._stopping = threading.Event()
        self._watch = self.stream("Watch", self.records.WatchRequest(), self.records.WatchResponse)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def put(self, account, **mutation):
        message = self.records.CommitRequest(request_id=fresh_id())
        message.mutation.put.account.id = account
        message.mutation.put.account.display_name = f"Load {fresh_id()}"
        for key, value in mutation.items():
            setattr(message.mutation, key, value)
        return message

    def stream(self, method, request, response):
        return self.channel.unary_stream(
            f"/gtm.records.v1.RecordsService/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString)(request)

    def commit(self, message):
        return self.tried("gtm.records.v1.RecordsService/Commit", message,
                          self.records.CommitResponse)

    def tried(self, method, request, response, **options):
        try:
            answer = call(self.channel, method, request, response, **options)
            self.codes.add("OK")
            return answer
        except grpc.RpcError as error:
            self.codes.add(error.code().name)
            return None

    def _run(self):
        while not self._stopping.is_set():
            self.good_calls()
            self.mistakes()
            self.rounds += 1
            self._stopping.wait(0.5)

    def good_calls(self):
        targeting, forecasting = "gtm.targeting.v1.TargetingService", "gtm.forecasting.v1"
        self.tried(f"{targeting}/ListAttributes", self.targeting.ListAttributesRequest(),
                   self.targeting.ListAttributesResponse)
        self.tried(f"{targeting}/ListTargets", self.targeting.ListTargetsRequest(page_size=5),
                   self.targeting.ListTargetsResponse)
        self.tried(f"{forecasting}.ForecastingService/GetPipeline",
                   self.forecasting.GetPipelineRequest(), self.forecasting.GetPipelineResponse)
        self.tried("gtm.growth.v1.GrowthService/GetSignals", self.growth.GetSignalsRequest(),
                   self.growth.GetSignalsResponse)
        self.tried("gtm.sponsorship.v1.SponsorshipService/GetCapacity",
                   self.sponsorship.GetCapacityRequest(), self.sponsorship.GetCapacityResponse)
        self.hand_over("acct-0000081")
        for _ in range(5):
            self.commit(self.put("load"))

    def hand_over(self, account):
        """Which targeting then asks records to keep."""
        message = self.targeting.RecordHandoverRequest(request_id=fresh_id())
        message.handover.id = fresh_id()
        message.handover.account_id = account
        self.tried("gtm.targeting.v1.TargetingService/RecordHandover", message,
                   self.targeting.RecordHandoverResponse)

    def give_quotas(self, today):
        """Far above what is won, for this quarter and the next: there is something to cover."""
        message = self.records.CommitRequest(request_id=fresh_id())
        seller = message.mutation.put.seller
        seller.id = "load-seller"
        first_month = today.year * 12 + (today.month - 1) // 3 * 3
        for month in (first_month, first_month + 3):
            quota = seller.quotas.add()
            quota.start_date.year, quota.start_date.month = month // 12, month % 12 + 1
            quota.end_date.year, quota.end_date.month = (month + 3) // 12, (month + 3) % 12 + 1
            quota.start_date.day = quota.end_date.day = 1
            quota.amount.currency_code, quota.amount.units = "USD", 5_000_000
        if self.commit(message) is None:
            raise AssertionError(f"the quotas were refused: {self.codes}")

    def mistakes(self):
        self.commit(self.replayed)  # the same request again
        self.commit(self.put(""))  # INVALID_FIELDS
        self.lose_an_update()
        self.tried("gtm.records.v1.RecordsService/Get", self.records.GetRequest(
            key=self.record.RecordKey(kind=self.record.RECORD_KIND_ACCOUNT, id="nobody")),
            self.record.Record)  # NOT_FOUND
        decision = self.records.CommitRequest(request_id=fresh_id())
        decision.mutation.put.signal_verdict.id = fresh_id()
        self.commit(decision)  # only growth may
        self.reject_a_row()

    def lose_an_update(self):
        """ETAG_MISMATCH: the etag is that of the state before."""
        first = self.commit(self.put("contested"))
        self.commit(self.put("contested"))
        if first is not None:
            self.commit(self.put("contested", etag=first.result.record.account.etag))

    def reject_a_row(self):
        batch = self.records.ImportRequest(batch_number=1)
        batch.records.add().account.id = "load-import"
        batch.records.add().account.employee_count = -1
        stream = self.channel.stream_stream(
            "/gtm.records.v1.RecordsService/Import",
            request_serializer=self.records.ImportRequest.SerializeToString,
            response_deserializer=self.records.ImportResponse.FromString)
        try:
            for _ in stream(iter([batch]), timeout=TIMEOUT):
                pass
        except grpc.RpcError as error:
            self.codes.add(error.code().name)

    def stop(self):
        self._stopping.set()
        self._thread.join()
        self._watch.cancel()
        self.channel.close()


def overload(address, calls, concurrency):
    """`calls` listings, up to `concurrency` at once. How many were refused."""
    from gtm.records.v1 import service_pb2
    request = service_pb2.ListRequest(kind=1, page_size=5000)
    refused, room = [], threading.Semaphore(concurrency)
    with grpc.insecure_channel(address) as channel:
        method = channel.unary_unary(
            "/gtm.records.v1.RecordsService/List",
            request_serializer=service_pb2.ListRequest.SerializeToString,
            response_deserializer=service_pb2.ListResponse.FromString)
        futures = []
        for _ in range(calls):
            room.acquire()
            futures.append(method.future(request, timeout=TIMEOUT))
            futures[-1].add_done_callback(lambda _: room.release())
        for future in futures:
            if future.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
                refused.append(future)
    return len(refused)


def strangers(address, root_certificate, calls):
    """Calls without credentials. How many were denied."""
    from gtm.records.v1 import service_pb2
    credentials = grpc.ssl_channel_credentials(pathlib.Path(root_certificate).read_bytes())
    denied = 0
    with grpc.secure_channel(address, credentials, [
            ("grpc.ssl_target_name_override", "localhost")]) as channel:
        for _ in range(calls):
            try:
                call(channel, "gtm.records.v1.RecordsService/GetHead",
                     service_pb2.GetHeadRequest(), service_pb2.GetHeadResponse)
            except grpc.RpcError as error:
                denied += error.code() == grpc.StatusCode.UNAUTHENTICATED
    return denied
