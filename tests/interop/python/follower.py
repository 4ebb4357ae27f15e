"""How a program keeps a copy of records current: list, then watch, for ever."""

import threading
import time

import grpc

from gtm.records.v1 import record_pb2, service_pb2

RETRY_SECONDS = 0.1
RESUMABLE = {
    grpc.StatusCode.UNAVAILABLE,         # the server went away
    grpc.StatusCode.RESOURCE_EXHAUSTED,  # WATCHER_TOO_SLOW
    grpc.StatusCode.CANCELLED,           # not by us: it reached a server that was just ending
}


def key_of(record):
    payload = record.WhichOneof("payload")
    return payload, getattr(record, payload).id


class Follower:
    """A copy of all records of some kinds. Each change is applied once, in order.

    What changed since the last listing is in `changes`. Another thread may read after
    `wait_for`.
    """

    def __init__(self, stub, kinds, retry_seconds=RETRY_SECONDS):
        self.stub = stub
        self.kinds = kinds
        self.retry_seconds = retry_seconds
        self.copy = {}
        self.changes = []
        self.revision = ""
        self.list_count = 0
        self.watch_count = 0
        self.failure = None
        self._advanced = threading.Condition()
        self._call = None
        self._stopping = False
        self._list()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _list(self):
        """Everything as it is, and the revision from which the changes are missing."""
        copy, first_revision = {}, None
        for kind in self.kinds:
            request = service_pb2.ListRequest(kind=kind, page_size=1000)
            while True:
                page = self.stub.List(request, timeout=20, wait_for_ready=True)
                first_revision = first_revision or page.revision
                copy.update((key_of(record), record) for record in page.records)
                if not page.next_page_token:
                    break
                request.page_token = page.next_page_token
        with self._advanced:
            self.copy, self.changes, self.revision = copy, [], first_revision
            self.list_count += 1
            self._advanced.notify_all()

    def _watch(self):
        self.watch_count += 1
        request = service_pb2.WatchRequest(revision=self.revision, kinds=self.kinds)
        self._call = self.stub.Watch(request, wait_for_ready=True)
        arrived = []  # of a revision that has not arrived whole
        for part in self._call:
            arrived += part.changes
            if not part.revision:
                continue
            with self._advanced:
                for change in arrived:
                    if change.operation == service_pb2.Change.OPERATION_DELETE:
                        self.copy.pop(key_of(change.record), None)
                    else:
                        self.copy[key_of(change.record)] = change.record
                self.changes += arrived
                self.revision = part.revision
                self._advanced.notify_all()
            arrived = []

    def _run(self):
        while not self._stopping:
            try:
                self._watch()
            except grpc.RpcError as error:
                if self._stopping:
                    return
                try:
                    if error.code() == grpc.StatusCode.OUT_OF_RANGE:
                        self._list()
                    elif error.code() not in RESUMABLE:
                        raise
                except grpc.RpcError as fatal:
                    with self._advanced:
                        self.failure = fatal
                        self._advanced.notify_all()
                    return
            time.sleep(self.retry_seconds)

    def wait_for(self, condition, seconds=20):
        """Waits until `condition(self)`; raises what ended the following, or a timeout."""
        with self._advanced:
            if not self._advanced.wait_for(lambda: self.failure or condition(self), seconds):
                raise TimeoutError(f"not reached; at {self.revision} after {seconds} s")
        if self.failure:
            raise self.failure

    def close(self):
        self._stopping = True
        if self._call:
            self._call.cancel()
        self._thread.join(timeout=5)


def kinds(*names):
    return [record_pb2.RecordKind.Value(f"RECORD_KIND_{name.upper()}") for name in names]
