"""What every Python client of the platform wants: a channel, an id, an error's details."""

import os
import pathlib
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status

PROTOS = pathlib.Path(os.environ.get("GTM_PROTOS", "protos"))
SERVICE_CONFIG = (PROTOS / "service_config.json").read_text()
TIMEOUT_SECONDS = 20


def connect(address):
    """A channel with the service config that the contract ships."""
    return grpc.insecure_channel(address, options=[
        ("grpc.service_config", SERVICE_CONFIG),
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
    ])


def fresh_request_id():
    return str(uuid.uuid4())


class Details:
    """The rich details of a failed call."""

    def __init__(self, error):
        self.code = error.code()
        self.message = error.details()
        self.infos = []
        self.violations = {}
        self.retry_seconds = None
        status = rpc_status.from_call(error)
        for detail in status.details if status else []:
            info = error_details_pb2.ErrorInfo()
            request = error_details_pb2.BadRequest()
            retry = error_details_pb2.RetryInfo()
            if detail.Unpack(info):
                self.infos.append(info)
            elif detail.Unpack(request):
                self.violations.update((v.field, v.description) for v in request.field_violations)
            elif detail.Unpack(retry):
                self.retry_seconds = retry.retry_delay.ToTimedelta().total_seconds()

    @property
    def reason(self):
        return self.infos[0].reason if self.infos else ""

    @property
    def metadata(self):
        return dict(self.infos[0].metadata) if self.infos else {}


def failure(call, *arguments, **keywords):
    """The details of a call that must fail."""
    keywords.setdefault("timeout", TIMEOUT_SECONDS)
    try:
        answer = call(*arguments, **keywords)
    except grpc.RpcError as error:
        return Details(error)
    raise AssertionError(f"should have failed, but answered {answer}")
