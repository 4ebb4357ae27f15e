"""Asks without any generated code: the server tells what there is. forecast.py YEAR QUARTER"""
import os
import sys

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from google.rpc import error_details_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase)
from grpc_status import rpc_status

channel = grpc.insecure_channel(os.environ.get("GTM_ADDRESS", "127.0.0.1:7700"))
pool = descriptor_pool.DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
service = pool.FindServiceByName("gtm.forecasting.v1.ForecastingService")
method = service.FindMethodByName("GetForecast")
request = json_format.ParseDict(
    {"period": {"unit": "UNIT_QUARTER", "fiscal_year": sys.argv[1], "index": sys.argv[2]}},
    message_factory.GetMessageClass(method.input_type)())
call = channel.unary_unary(
    f"/{service.full_name}/{method.name}",
    request_serializer=lambda message: message.SerializeToString(),
    response_deserializer=message_factory.GetMessageClass(method.output_type).FromString)
try:
    answer = json_format.MessageToDict(call(request, timeout=5))
except grpc.RpcError as error:
    print(error.code().name)
    status = rpc_status.from_call(error)
    for detail in status.details if status else []:
        print(json_format.MessageToDict(detail))
    sys.exit(1)
for name, money in answer["forecast"]["bookings"].items():
    print(name, money.get("units", "0"), money["currencyCode"])
