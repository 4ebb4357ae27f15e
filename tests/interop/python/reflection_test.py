"""A client without the contract: it asks the server what there is, and calls it."""

import unittest

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

import calls
import platform_process

QUESTIONS = {
    "gtm.targeting.v1.TargetingService": "ListTargets",
    "gtm.sponsorship.v1.SponsorshipService": "ListCandidates",
    "gtm.forecasting.v1.ForecastingService": "GetForecast",
    "gtm.growth.v1.GrowthService": "GetSignals",
}


def setUpModule():
    global database, pool, channel
    server = platform_process.PlatformProcess()
    unittest.addModuleCleanup(server.close)
    server.load_demo()
    channel = grpc.insecure_channel(server.address)
    unittest.addModuleCleanup(channel.close)
    database = ProtoReflectionDescriptorDatabase(channel)
    pool = descriptor_pool.DescriptorPool(database)


def ask(service, method_name, request):
    """Calls a method with JSON-like values, as grpcurl does."""
    method = pool.FindServiceByName(service).FindMethodByName(method_name)
    message = message_factory.GetMessageClass(method.input_type)()
    json_format.ParseDict(request, message)
    answer = channel.unary_unary(
        f"/{service}/{method_name}",
        request_serializer=lambda m: m.SerializeToString(),
        response_deserializer=message_factory.GetMessageClass(method.output_type).FromString,
    )(message, timeout=calls.TIMEOUT_SECONDS)
    return json_format.MessageToDict(answer, preserving_proto_field_name=True, descriptor_pool=pool)


class Reflection(unittest.TestCase):
    def test_services_are_discovered(self):
        services = set(database.get_services())
        self.assertLessEqual(set(QUESTIONS) | {"gtm.records.v1.RecordsService"}, services)
        self.assertIn("grpc.health.v1.Health", services)

    def test_every_method_is_described(self):
        for service in database.get_services():
            if not service.startswith("gtm."):
                continue
            for method in pool.FindServiceByName(service).methods:
                self.assertTrue(method.input_type.full_name.startswith("gtm."))
                self.assertTrue(method.output_type.fields, method.full_name)

    def test_questions_are_answered(self):
        answers = {service: ask(service, method, {}) for service, method in QUESTIONS.items()}
        targets, candidates, forecast, signals = answers.values()
        self.assertEqual(targets["total_count"], "300")
        self.assertGreater(candidates["ranked_count"], 0)
        self.assertIn("p50", forecast["forecast"]["bookings"])
        self.assertEqual(len(signals["report"]["signals"]), 5)

    def test_rules_of_fields_can_be_read(self):
        """The limits of a field travel with the contract, as options."""
        account = pool.FindMessageTypeByName("gtm.crm.v1.Account")
        rule = pool.FindExtensionByName("gtm.type.v1.rule")
        options_class = message_factory.GetMessageClass(
            pool.FindMessageTypeByName("google.protobuf.FieldOptions"))
        message_factory.GetMessageClass(rule.message_type)
        options = options_class.FromString(
            account.fields_by_name["id"].GetOptions().SerializeToString())
        self.assertTrue(options.Extensions[rule].required)


if __name__ == "__main__":
    unittest.main()
