// Tidy is tested too: every rule with what it lets pass and what it finds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/tidy/proto_rules.h"
#include "tests/tidy/table_rules.h"
#include "tests/tidy/text_rules.h"

namespace gtm::tidy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kDomain[] = "services/growth/domain/x.cc";

TEST(CheckIncludes, KeepsDomainPure) {
  for (const char* good :
       {"<vector>", "<cmath>", "\"absl/time/time.h\"", "<fmt/format.h>", "\"common/core/money.h\"",
        "\"common/stats/intervals.h\"", "\"services/growth/domain/y.h\"",
        "\"gtm/growth/v1/resources.pb.h\"", "<Eigen/Dense>"}) {
    EXPECT_THAT(CheckIncludes(kDomain, std::string("#include ") + good + "\n"), IsEmpty()) << good;
  }
  for (const char* bad :
       {"<grpcpp/grpcpp.h>", "\"gtm/growth/v1/service.grpc.pb.h\"", "<sqlite3.h>", "<thread>",
        "<random>", "<chrono>", "<mutex>", "<spdlog/spdlog.h>", "\"common/rpc/call.h\"",
        "\"common/records_client/records_client.h\"", "\"services/growth/handler/render.h\"",
        "\"services/targeting/domain/y.h\""}) {
    EXPECT_THAT(CheckIncludes(kDomain, std::string("#include ") + bad + "\n"), SizeIs(1)) << bad;
  }
}

TEST(CheckIncludes, KeepsTheOtherArrows) {
  const auto check = [](const char* path, const char* include) {
    return CheckIncludes(path, std::string("// x\n#include \"") + include + "\"\n");
  };
  EXPECT_THAT(check("common/core/a.h", "absl/time/time.h"), IsEmpty());
  EXPECT_THAT(check("common/core/a.h", "common/stats/b.h"), SizeIs(1));
  EXPECT_THAT(check("common/rpc/a.h", "common/core/b.h"), IsEmpty());
  EXPECT_THAT(check("common/rpc/a.h", "services/gtm/b.h"), SizeIs(1));
  EXPECT_THAT(check("services/gtm/main.cc", "services/growth/handler/b.h"), IsEmpty());
  EXPECT_THAT(check("services/growth/main.cc", "services/targeting/handler/b.h"), SizeIs(1));
  EXPECT_THAT(check("services/records/store/a.cc", "libpq-fe.h"), IsEmpty());
  EXPECT_THAT(check("services/records/handler/a.cc", "libpq-fe.h"), SizeIs(1));
  EXPECT_THAT(check("services/growth/handler/growth_service.cc", "gtm/growth/v1/s.grpc.pb.h"),
              IsEmpty());
  EXPECT_THAT(check("services/growth/handler/render.cc", "gtm/growth/v1/s.grpc.pb.h"), SizeIs(1));
  // Tests may include what they need.
  EXPECT_THAT(check("services/growth/domain/a_test.cc", "common/testing/fake_records.h"),
              IsEmpty());
  const Findings findings = check("common/core/a.h", "common/rpc/b.h");
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 2);
}

TEST(CheckPurity, FindsTheMachineInPureCode) {
  for (const char* bad :
       {"absl::Now()", "std::chrono::system_clock::now()", "std::mt19937 g;", "std::thread t;",
        "rand()", "std::getenv(\"HOME\")", "spdlog::info(\"x\")", "std::random_device d;"}) {
    EXPECT_THAT(CheckPurity(kDomain, bad), SizeIs(1)) << bad;
    EXPECT_THAT(CheckPurity("common/stats/a.cc", bad), SizeIs(1)) << bad;
    EXPECT_THAT(CheckPurity("services/growth/handler/a.cc", bad), IsEmpty()) << bad;
    EXPECT_THAT(CheckPurity("common/core/clock.cc", bad), IsEmpty()) << bad;
  }
  for (const char* good : {"// never absl::Now()", "operand()", "WonTime(deal, as_of)"}) {
    EXPECT_THAT(CheckPurity(kDomain, good), IsEmpty()) << good;
  }
}

TEST(CheckFileName, WantsSnakeCase) {
  EXPECT_THAT(CheckFileName("common/core/page_token.h"), IsEmpty());
  EXPECT_THAT(CheckFileName("services/records/store/migrations/0001_base.sql"), IsEmpty());
  EXPECT_THAT(CheckFileName("CMakeLists.txt"), IsEmpty());
  EXPECT_THAT(CheckFileName("common/core/PageToken.h"), SizeIs(1));
  EXPECT_THAT(CheckFileName("common/core/page-token.cc"), SizeIs(1));
}

TEST(CheckPragmaOnce, WantsItFirst) {
  EXPECT_THAT(CheckPragmaOnce("a.h", "#pragma once\nint x;\n"), IsEmpty());
  EXPECT_THAT(CheckPragmaOnce("a.cc", "int x;\n"), IsEmpty());
  EXPECT_THAT(CheckPragmaOnce("a.h", "#ifndef A\n"), SizeIs(1));
}

TEST(CheckMachinePaths, FindsHomes) {
  EXPECT_THAT(CheckMachinePaths("a.cc", std::string("open(\"/ho") + "me/ada/x\")"), SizeIs(1));
  EXPECT_THAT(CheckMachinePaths("a.md", std::string("see /wo") + "rk/shared/x"), SizeIs(1));
  EXPECT_THAT(CheckMachinePaths("a.md", std::string("a net") + "/wo" + "rk/x"), IsEmpty());
  EXPECT_THAT(CheckMachinePaths("a.cc", "open(\"/etc/ssl/certs\")"), IsEmpty());
}

TEST(CheckLeftovers, FindsThemInComments) {
  const std::string word = std::string("TO") + "DO";
  EXPECT_THAT(CheckLeftovers("a.cc", "int x;  // " + word + ": later"), SizeIs(1));
  EXPECT_THAT(CheckLeftovers("a.cmake", "# " + word), SizeIs(1));
  EXPECT_THAT(CheckLeftovers("a.cc",
                             "Currency::Of(\"XX"
                             "X\")"),
              IsEmpty());
  EXPECT_THAT(CheckLeftovers("a.cc", "// METHOD and TODOS are words"), IsEmpty());
}

TEST(ReportSizes, CountsFilesFunctionsAndColumns) {
  std::string long_function = "void F() {\n";
  for (int i = 0; i < 70; ++i) long_function += "  x();\n";
  long_function += "}\n";
  EXPECT_THAT(ReportSizes("a.cc", long_function), SizeIs(1));
  EXPECT_THAT(ReportSizes("a.cc", "void F() {\n}\n"), IsEmpty());
  EXPECT_THAT(ReportSizes("a.cc", std::string(101, 'x')), SizeIs(1));
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\xC3\xA4";
  EXPECT_THAT(ReportSizes("a.cc", umlauts), IsEmpty());
  std::string many;
  for (int i = 0; i < 401; ++i) many += "\n";
  EXPECT_THAT(ReportSizes("a.cc", many), SizeIs(1));
  EXPECT_THAT(ReportSizes("a_test.cc", many), IsEmpty());
}

// ---- the contract

std::string Proto(const std::string& body) {
  return "syntax = \"proto3\";\npackage gtm.x.v1;\n" + body;
}

Findings Check(const std::string& body) {
  return CheckProtos({{"gtm/x/v1/a.proto", Proto(body)}}, GTM_PROTOC);
}

TEST(CheckProtos, LetsAGoodFilePass) {
  EXPECT_THAT(Check(R"(
    // Asks.
    service GrowthService {
      // Gets.
      rpc GetThing(GetThingRequest) returns (GetThingResponse);
      // Makes.
      rpc MakeThing(MakeThingRequest) returns (Thing);
    }
    // A thing.
    message Thing {
      // How it is.
      enum State {
        // Invalid.
        STATE_UNSPECIFIED = 0;
        // Good.
        STATE_GOOD = 1;
      }
      // Name.
      string display_name = 1;
      // What it holds.
      oneof value {
        int64 count = 2;
        double ratio = 3;
      }
      // Words.
      map<string, string> labels = 4;
    }
    // Request.
    message GetThingRequest {}
    // Response.
    message GetThingResponse {}
    // Request.
    message MakeThingRequest {})"),
              IsEmpty());
}

TEST(CheckProtos, FindsWhatIsWrong) {
  struct Case {
    const char* body;
    const char* expected;
  };
  const Case cases[] = {
      {"message Thing {}", "Thing: has no comment"},
      {"// A thing.\nmessage Thing { string name = 1; }", "Thing.name: has no comment"},
      {"// A thing.\nmessage my_thing {}", "PascalCase"},
      {"// A thing.\nmessage Thing {\n// Name.\nstring displayName = 1; }", "snake_case"},
      {"// A thing.\nmessage Thing {\n// Yes.\nbool is_good = 1; }", "is_"},
      {"// A thing.\nmessage Thing {\n// Number.\nuint32 count = 1; }", "unsigned"},
      {"// E.\nenum Color {\n// No.\nCOLOR_NONE = 0; }", "COLOR_UNSPECIFIED"},
      {"// E.\nenum Color {\n// No.\nCOLOR_UNSPECIFIED = 0;\n// R.\nRED = 1; }",
       "begin with COLOR_"},
      {"// E.\nenum Color { COLOR_UNSPECIFIED = 0; }", "has no comment"},
      {"// R.\nmessage GetRequest {}\n// R.\nmessage Other {}\n// S.\nservice XService {\n// "
       "G.\nrpc Get(Other) returns (Other); }",
       "takes GetRequest"},
      {"// R.\nmessage GetRequest {}\n// R.\nmessage PutResponse {}\n// S.\nservice XService "
       "{\n// G.\nrpc Get(GetRequest) returns (PutResponse); }",
       "returns GetResponse"},
      {"// S.\nservice Things {}", "end in Service"},
      {"message {", "Expected"},
  };
  for (const Case& c : cases) {
    const Findings findings = Check(c.body);
    ASSERT_FALSE(findings.empty()) << c.body;
    EXPECT_THAT(findings[0].text, HasSubstr(c.expected));
    EXPECT_GT(findings[0].line, 0);
  }
}

// ---- tables

TEST(CheckReasonTables, WantsThemEqual) {
  const std::string proto = "enum ErrorReason {\n  ERROR_REASON_UNSPECIFIED = 0;\n  A_B = 1;\n}";
  EXPECT_THAT(CheckReasonTables(proto, "#define T(X) \\\n  X(A_B, 1) \\\n"), IsEmpty());
  EXPECT_THAT(CheckReasonTables(proto, "#define T(X) \\\n  X(A_B, 2) \\\n"), SizeIs(1));
  EXPECT_THAT(CheckReasonTables(proto, "#define T(X) \\\n  X(A_B, 1) \\\n  X(C, 2)"), SizeIs(1));
  EXPECT_THAT(CheckReasonTables(proto, ""), SizeIs(2));
}

TEST(CheckReasonsReachable, WantsCodeAndTest) {
  const Source product{"services/a/handler/a.cc", "return Error(Reason::A_B, \"\");"};
  const Source test{"services/a/handler/a_test.cc", "FailsWith(Reason::A_B)"};
  EXPECT_THAT(CheckReasonsReachable({"A_B"}, {product, test}), IsEmpty());
  EXPECT_THAT(CheckReasonsReachable({"A_B"}, {product}), SizeIs(1));
  EXPECT_THAT(CheckReasonsReachable({"A_B"}, {test}), SizeIs(1));
  EXPECT_THAT(CheckReasonsReachable({"A"}, {product, test}), SizeIs(2));
}

TEST(CheckDocumented, WantsTheNameInBackquotes) {
  EXPECT_THAT(CheckDocumented("metric", {"gtm_x"}, {{"README.md", "| `gtm_x` | it |"}}), IsEmpty());
  EXPECT_THAT(CheckDocumented("metric", {"gtm_x"}, {{"README.md", "gtm_x_y"}}), SizeIs(1));
}

TEST(CheckMetricsUsed, WantsSomebodyToSetIt) {
  const char table[] = "inline constexpr MetricDef kShed{\"gtm_shed\"};";
  EXPECT_THAT(CheckMetricsUsed(table, {{"common/rpc/gate.cc", "Counter(telemetry::kShed, {})"}}),
              IsEmpty());
  EXPECT_THAT(CheckMetricsUsed(table, {{"common/rpc/gate_test.cc", "kShed"}}), SizeIs(1));
}

}  // namespace
}  // namespace gtm::tidy
