"""Keeps a forecast of a fiscal quarter: forecast.py YEAR QUARTER"""
import os
import sys
import uuid

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from gtm.forecasting.v1 import service_pb2, service_pb2_grpc
from gtm.type.v1 import time_pb2

request = service_pb2.CommitForecastEditionRequest(
    request_id=str(uuid.uuid4()),  # sent again after a timeout, the same request acts once
    forecast=service_pb2.GetForecastRequest(period=time_pb2.FiscalPeriod(
        unit=time_pb2.FiscalPeriod.UNIT_QUARTER,
        fiscal_year=int(sys.argv[1]), index=int(sys.argv[2]))))

with open("protos/service_config.json") as file:
    retries = ("grpc.service_config", file.read())
address = os.environ.get("GTM_ADDRESS", "127.0.0.1:7700")
with grpc.insecure_channel(address, options=[retries]) as channel:
    forecasting = service_pb2_grpc.ForecastingServiceStub(channel)
    try:
        edition = forecasting.CommitForecastEdition(request, timeout=5)
    except grpc.RpcError as error:
        print(error.code().name)
        status = rpc_status.from_call(error)  # absent where nobody answered
        for detail in status.details if status else []:
            info, invalid = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
            if detail.Unpack(info):
                print(info.reason)
            elif detail.Unpack(invalid):
                for violation in invalid.field_violations:
                    print(f"{violation.field}: {violation.description}")
        sys.exit(1)

bookings = edition.forecast.bookings
for name, money in ("P10", bookings.p10), ("P50", bookings.p50), ("P90", bookings.p90):
    print(name, money.units, money.currency_code)
