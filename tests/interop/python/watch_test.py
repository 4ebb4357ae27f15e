"""A follower misses nothing and sees nothing twice, whatever happens to the server."""

import threading
import unittest

import grpc

import calls
import follower
import platform_process
from gtm.crm.v1 import account_pb2
from gtm.records.v1 import record_pb2, service_pb2
from gtm.records.v1 import service_pb2_grpc as records_grpc

TIMEOUT = calls.TIMEOUT_SECONDS
COUNT = 300
KILL_AT = {100, 200}
# After a crash the follower is away for so long, while more is written.
AWAY_SECONDS = 0.3


def account(number):
    return record_pb2.Record(account=account_pb2.Account(
        id=f"watched-{number:04}", display_name=f"Watched {number}"))


def commit(stub, record):
    """Once for sure: the same request id until somebody answers."""
    request = service_pb2.CommitRequest(
        request_id=calls.fresh_request_id(), mutation=service_pb2.Mutation(
            put=record, mode=service_pb2.Mutation.MODE_CREATE))
    for _ in range(100):
        try:
            return stub.Commit(request, timeout=TIMEOUT, wait_for_ready=True)
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.UNAVAILABLE:
                raise
    raise TimeoutError("the server does not come back")


class Watch(unittest.TestCase):
    def setUp(self):
        self.server = platform_process.PlatformProcess()
        self.addCleanup(self.server.close)
        self.channel = calls.connect(self.server.address)
        self.addCleanup(self.channel.close)
        self.stub = records_grpc.RecordsServiceStub(self.channel)

    def follow(self, *names):
        # A channel of its own, as a program of its own would have.
        channel = calls.connect(self.server.address)
        self.addCleanup(channel.close)
        following = follower.Follower(
            records_grpc.RecordsServiceStub(channel), follower.kinds(*names), AWAY_SECONDS)
        self.addCleanup(following.close)
        return following

    def crash_and_restart(self):
        self.server.kill()
        self.server.start()

    def test_survives_crashes_of_the_server(self):
        following = self.follow("account")
        last = ""
        for number in range(COUNT):
            crash = None
            if number in KILL_AT:
                following.wait_for(lambda f: f.revision == last)
                # While the commit below is on its way.
                crash = threading.Thread(target=self.crash_and_restart)
                crash.start()
            last = commit(self.stub, account(number)).revision
            if crash:
                crash.join()
        following.wait_for(lambda f: f.revision == last)
        self.assertEqual([change.record.account.id for change in following.changes],
                         [account(number).account.id for number in range(COUNT)])
        self.assertEqual({change.operation for change in following.changes},
                         {service_pb2.Change.OPERATION_CREATE})
        self.assertEqual(len({change.revision for change in following.changes}), COUNT)
        self.assertEqual(following.list_count, 1)
        self.assertGreaterEqual(following.watch_count, 1 + len(KILL_AT))

    def test_survives_an_orderly_restart(self):
        following = self.follow("account", "contact")
        commit(self.stub, account(1))
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        last = commit(self.stub, account(2)).revision
        following.wait_for(lambda f: f.revision == last)
        self.assertEqual([change.record.account.id for change in following.changes],
                         ["watched-0001", "watched-0002"])

    def test_lists_again_where_history_is_another(self):
        following = self.follow("account")
        for number in range(3):
            last = commit(self.stub, account(number)).revision
        following.wait_for(lambda f: f.revision == last)
        self.server.kill()
        self.server.forget()
        self.server.start()
        for number in range(10, 15):
            last = commit(self.stub, account(number)).revision
        following.wait_for(lambda f: f.revision == last)
        self.assertEqual(following.list_count, 2)
        self.assertEqual(sorted(following.copy),
                         [("account", f"watched-{number:04}") for number in range(10, 15)])

    def test_the_error_says_that_history_is_another(self):
        commit(self.stub, account(1))
        request = service_pb2.WatchRequest(revision="0123456789abc:1")
        failed = calls.failure(lambda r, timeout: list(self.stub.Watch(r, timeout=timeout)),
                               request)
        self.assertEqual(failed.code, grpc.StatusCode.OUT_OF_RANGE)
        self.assertEqual(failed.reason, "EPOCH_CHANGED")
        head = self.stub.GetHead(service_pb2.GetHeadRequest(), timeout=TIMEOUT)
        self.assertEqual(failed.metadata["epoch"], head.revision.split(":")[0])


if __name__ == "__main__":
    unittest.main()
