// Commands against a server in this process, which answers as the test says.

#include "services/gtm/cli/cli.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>
#include <sstream>

#include "common/record/kinds.h"
#include "common/rpc/status.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/gtm/cli/import_stream.h"

namespace gtm::cli {
namespace {

using records::v1::ImportRequest;
using records::v1::ImportResponse;
using testing::HasSubstr;
using testing::Not;

// Keeps records by id; breaks import streams and rejects records as told.
class FakeRecords final : public records::v1::RecordsService::Service {
 public:
  // The next streams break after this many batches, one entry a stream.
  std::vector<int> breaks;
  std::set<std::string> bad_ids;
  std::vector<std::string> tenants;
  int streams = 0;
  int batches = 0;
  int largest_batch = 0;
  bool epoch_by_stream = false;               // as if the store began anew with each stream
  std::map<std::string, std::string> stored;  // "kind/id" to body
  grpc::Status get_status = grpc::Status::OK;

  grpc::Status Import(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<ImportResponse, ImportRequest>* stream) override {
    const auto tenant = context->client_metadata().find("gtm-tenant");
    tenants.push_back(tenant == context->client_metadata().end()
                          ? ""
                          : std::string(tenant->second.data(), tenant->second.size()));
    int left = -1;
    if (streams < static_cast<int>(breaks.size())) left = breaks[static_cast<size_t>(streams)];
    ++streams;
    ImportRequest request;
    while (stream->Read(&request)) {
      const ImportResponse answer = Take(request);
      // Stored, but the answer is lost: the client must not count it twice as rejected.
      if (left-- == 0) return {grpc::StatusCode::UNAVAILABLE, "gone for a moment"};
      stream->Write(answer);
    }
    return grpc::Status::OK;
  }

  grpc::Status Get(grpc::ServerContext* context, const records::v1::GetRequest* request,
                   records::v1::Record* response) override {
    if (!get_status.ok()) return get_status;
    response->mutable_account()->set_id(request->key().id());
    response->mutable_account()->set_display_name("Acme");
    return grpc::Status::OK;
  }

  grpc::Status ListHistory(grpc::ServerContext* context,
                           const records::v1::ListHistoryRequest* request,
                           records::v1::ListHistoryResponse* response) override {
    auto* change = response->add_changes();
    change->set_operation(records::v1::Change::OPERATION_CREATE);
    change->set_actor("user:ada");
    change->set_revision("1:4");
    return grpc::Status::OK;
  }

  grpc::Status List(grpc::ServerContext* context, const records::v1::ListRequest* request,
                    records::v1::ListResponse* response) override {
    if (request->id_prefix() == "none") return grpc::Status::OK;
    const int page = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    for (int i = 0; i < request->page_size() && i < 2; ++i) {
      auto* account = response->add_records()->mutable_account();
      account->set_id("a" + std::to_string(page * 2 + i));
      account->set_industry("retail");
    }
    if (page < 2) response->set_next_page_token(std::to_string(page + 1));
    response->set_revision("1:9");
    return grpc::Status::OK;
  }

 private:
  ImportResponse Take(const ImportRequest& request) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++batches;
    largest_batch = std::max(largest_batch, request.records_size());
    ImportResponse answer;
    answer.set_batch_number(request.batch_number());
    answer.set_revision(std::to_string(epoch_by_stream ? streams : 1) + ":" +
                        std::to_string(batches));
    for (int i = 0; i < request.records_size(); ++i) {
      const auto& record = request.records(i);
      const std::string& id = record::IdOf(record);
      if (bad_ids.contains(id)) {
        for (const char* field : {"account.industry", "account.country"}) {
          auto* rejection = answer.add_rejections();
          rejection->set_index(i);
          rejection->set_field(field);
          rejection->set_description("is too long");
          rejection->set_reason("INVALID_FIELDS");
        }
        continue;
      }
      const std::string key = std::string(record::KindName(record::KindOf(record))) + "/" + id;
      const std::string body = record::CanonicalBody(record);
      const auto found = stored.find(key);
      if (found == stored.end()) {
        answer.set_created_count(answer.created_count() + 1);
      } else if (found->second == body) {
        answer.set_unchanged_count(answer.unchanged_count() + 1);
      } else {
        answer.set_updated_count(answer.updated_count() + 1);
      }
      stored[key] = body;
    }
    return answer;
  }
  std::mutex mutex_;
};

class CliTest : public testing::Test {
 protected:
  CliTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("gtm_cli_" + std::to_string(::getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~CliTest() override {
    server_->Shutdown();
    std::filesystem::remove_all(folder_);
  }

  std::string Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return (folder_ / name).string();
  }
  std::string ReadBack(const std::string& name) {
    std::ifstream file(folder_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // Two kinds out of `rows` rows.
  void WriteImport(int rows) {
    std::string csv = "id,industry,owner,size\n";
    for (int i = 0; i < rows; ++i) {
      csv += "a" + std::to_string(i) + ",retail,s" + std::to_string(i % 3) + ",5\n";
    }
    csv += "bad,retail,s1,many\n";
    Write("accounts.csv", csv);
    mapping_ = Write("m.toml", R"(
[files.accounts]
path = "accounts.csv"
[[record]]
kind = "account"
file = "accounts"
id = "id"
fields = { industry = "industry", employee_count = "size" }
[[record]]
kind = "seller"
file = "accounts"
id = "owner"
distinct = true
)");
  }
  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    Console console;
    console.out = &out_;
    console.err = &err_;
    return RunCommand(arguments, console, server_->InProcessChannel({}));
  }
  int Import(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"import", "--mapping", mapping_, "--data",
                                          folder_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Run(arguments);
  }

  FakeRecords service_;
  std::unique_ptr<grpc::Server> server_;
  std::filesystem::path folder_;
  std::string mapping_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CliTest, ImportCountsByKindAndEndsWithThreeWhereRowsWereRejected) {
  WriteImport(1'200);
  service_.bad_ids = {"a7"};
  EXPECT_EQ(Import({"--rejects", (folder_ / "r.csv").string(), "--tenant", "acme"}), 3);
  EXPECT_THAT(out_.str(), HasSubstr("account    1,199        0          0         2        0"));
  EXPECT_THAT(out_.str(), HasSubstr("seller         3        0          0         0        0"));
  EXPECT_EQ(ReadBack("r.csv"),
            "file,line,kind,column,field,value,reason,description\n"
            "accounts.csv,1202,account,size,employee_count,many,BAD_CELL,\"\"\"many\"\" is not a "
            "number; digits with an optional decimal mark are expected\"\n"
            "accounts.csv,9,account,,account.industry,a7,INVALID_FIELDS,is too long\n"
            "accounts.csv,9,account,,account.country,a7,INVALID_FIELDS,is too long\n");
  EXPECT_THAT(service_.tenants, testing::ElementsAre("acme"));
  EXPECT_LE(service_.largest_batch, 500);
}

TEST_F(CliTest, ImportAgainChangesNothing) {
  WriteImport(50);
  EXPECT_EQ(Import(), 3);
  EXPECT_EQ(Import({"-o", "csv"}), 3);
  EXPECT_EQ(out_.str(),
            "kind,created,updated,unchanged,rejected,skipped\n"
            "account,0,0,50,1,0\nseller,0,0,3,0,0\n");
}

TEST_F(CliTest, ImportSurvivesAServerThatGoesAway) {
  WriteImport(1'000);
  service_.breaks = {3, 0, 1};
  EXPECT_EQ(Import({"--batch", "50"}), 3);
  EXPECT_EQ(service_.streams, 4);
  EXPECT_EQ(service_.stored.size(), 1'003u);
  EXPECT_THAT(out_.str(), HasSubstr("taken up again 3 times"));
  // What was stored while its answer was lost counts as unchanged the second time.
  EXPECT_THAT(out_.str(), HasSubstr("1        0\n"));  // one rejected, none twice
}

TEST_F(CliTest, ImportNoticesAStoreThatIsAnotherOne) {
  WriteImport(300);
  service_.breaks = {2};
  service_.epoch_by_stream = true;
  EXPECT_EQ(Import({"--batch", "50"}), 1);
  EXPECT_THAT(err_.str(), HasSubstr("import again: nothing is doubled (EPOCH_CHANGED)"));
}

TEST_F(CliTest, ImportGivesUpAfterStreamsWithoutProgress) {
  service_.breaks = std::vector<int>(1'000, 0);
  const Client client(server_->InProcessChannel({}), {.tenant = "", .address = "here"});
  ImportStreamOptions options;
  options.first_backoff = absl::Milliseconds(1);
  options.first_patience = absl::Milliseconds(20);
  ImportStream stream(client, options, [](const ServerRejection&) {});
  records::v1::Record record;
  record.mutable_seller()->set_id("s1");
  ASSERT_TRUE(stream.Add(record, 0).ok());
  const Status status = stream.Finish();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().reason(), Reason::PEER_UNAVAILABLE);
  EXPECT_GE(service_.streams, 2);
}

TEST_F(CliTest, ImportCheckTalksToNobody) {
  WriteImport(10);
  EXPECT_EQ(Import({"--check"}), 3);
  EXPECT_EQ(service_.streams, 0);
  EXPECT_THAT(out_.str(), HasSubstr("account       10         1        0"));
}

TEST_F(CliTest, ImportNamesTheLineOfAWrongMapping) {
  WriteImport(1);
  mapping_ = Write("wrong.toml", "[[record]]\nkind = \"acount\"\n");
  EXPECT_EQ(Import(), 1);
  EXPECT_THAT(err_.str(), HasSubstr("wrong.toml:1: there is no record kind \"acount\"; did you "
                                    "mean \"account\"?"));
}

TEST_F(CliTest, RecordGetShowsFieldsAndJson) {
  EXPECT_EQ(Run({"record", "get", "account", "a1"}), 0);
  EXPECT_EQ(out_.str(), "field         value\nid            a1\ndisplay_name  Acme\n");
  EXPECT_EQ(Run({"record", "get", "account", "a1", "-o", "json"}), 0);
  EXPECT_EQ(out_.str(),
            "{\n \"account\": {\n  \"id\": \"a1\",\n  \"display_name\": \"Acme\"\n }\n}\n");
}

TEST_F(CliTest, RecordListReadsPagesUpToTheLimit) {
  EXPECT_EQ(Run({"record", "list", "account", "--limit", "5", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(), "id,industry\na0,retail\na1,retail\na2,retail\na3,retail\na4,retail\n");
}

TEST_F(CliTest, RecordListSaysWhereThereIsNothing) {
  EXPECT_EQ(Run({"record", "list", "account", "--prefix", "none"}), 0);
  EXPECT_EQ(out_.str(), "no records\n");
  EXPECT_EQ(Run({"record", "list", "account", "--prefix", "none", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(CliTest, VersionIsAFlagToo) {
  EXPECT_EQ(Run({"--version"}), 0);
  EXPECT_THAT(out_.str(), testing::MatchesRegex("gtm [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST_F(CliTest, RecordHistoryIsNotCutByTheDefaultsOfOtherCommands) {
  EXPECT_EQ(Run({"record", "history", "account", "a1", "-o", "csv"}), 0);
  EXPECT_EQ(out_.str(),
            "commit_time,operation,actor,revision,request_id\n"
            ",create,user:ada,1:4,\n");
}

TEST_F(CliTest, ErrorsSayWhatHappenedAndWhatToDo) {
  service_.get_status = rpc::ToGrpcStatus(
      InvalidFields({{"key.id", "must be 1 to 128 bytes"}, {"key.kind", "is missing"}}),
      "records.gtm");
  EXPECT_EQ(Run({"record", "get", "account", "a1"}), 1);
  EXPECT_EQ(err_.str(),
            "gtm: 2 fields are invalid (INVALID_FIELDS)\n"
            "  key.id: must be 1 to 128 bytes\n  key.kind: is missing\n");
  service_.get_status = {grpc::StatusCode::UNAVAILABLE, "connection refused"};
  EXPECT_EQ(Run({"record", "get", "account", "a1", "--address", "127.0.0.1:9"}), 1);
  EXPECT_EQ(err_.str(),
            "gtm: nobody answers at 127.0.0.1:9 (PEER_UNAVAILABLE)\n"
            "  connection refused\n"
            "try: start the platform with `gtm serve`, or name another with --address or "
            "GTM_ADDRESS\n");
}

TEST_F(CliTest, WrongUsageEndsWithTwo) {
  EXPECT_EQ(Run({"record", "get", "acount", "a1"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("acount"));
  EXPECT_EQ(Run({"forcast"}), 2);
  EXPECT_EQ(err_.str(), "gtm: there is no command \"forcast\"; did you mean \"forecast\"?\n");
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"record", "get", "account", "a1", "--timeout", "soon"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--timeout"));
  EXPECT_EQ(Run({"forecast", "--period", "Q3"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--period: \"Q3\" is no fiscal period"));
  EXPECT_EQ(Run({"record", "list", "account", "--limit", "0"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("not in range 1 to 1000000000"));
}

TEST_F(CliTest, HelpTellsExitCodes) {
  EXPECT_EQ(Run({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Exit codes: 0 done; 1 failed; 2 wrong usage; 3 done in part"));
  for (const char* command : {"targets", "sponsors", "forecast", "pipeline", "signals",
                              "definition", "import", "record", "completion", "version"}) {
    EXPECT_THAT(out_.str(), HasSubstr(command));
    EXPECT_EQ(Run({command, "--help"}), 0) << command;
    Run({"--help"});
  }
}

TEST_F(CliTest, CompletionKnowsEveryCommand) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    EXPECT_EQ(Run({"completion", shell}), 0);
    for (const char* word : {"forecast", "history", "rejects", "recorded-as-of", "backtest"}) {
      EXPECT_THAT(out_.str(), HasSubstr(word)) << shell;
    }
  }
  const std::string script = Write("completion.bash", (Run({"completion", "bash"}), out_.str()));
  EXPECT_EQ(std::system(("bash -n " + script).c_str()), 0);
  // The script itself, asked as a shell asks it.
  const auto complete = [&](const std::string& words, int at) {
    const std::string answer = (folder_ / "answer").string();
    const std::string command = "bash -c 'source " + script + "; COMP_WORDS=(" + words +
                                "); COMP_CWORD=" + std::to_string(at) +
                                "; _gtm; echo -n \"${COMPREPLY[@]}\"' > " + answer;
    EXPECT_EQ(std::system(command.c_str()), 0);
    return ReadBack("answer");
  };
  EXPECT_EQ(complete("gtm fore", 1), "forecast");
  EXPECT_EQ(complete("gtm forecast pipe", 2), "pipeline");
  EXPECT_EQ(complete("gtm forecast pipeline --b", 3), "--by");
  EXPECT_EQ(complete("gtm forecast pipeline --as", 3), "--as-of");
  EXPECT_EQ(complete("gtm forecast pipeline --by s", 4), "stage segment");
  EXPECT_EQ(complete("gtm reach --by c", 3), "channel campaign content");
  EXPECT_EQ(complete("gtm record get acc", 3), "account");
  EXPECT_EQ(complete("gtm targets -o j", 3), "json");
}

TEST_F(CliTest, VersionNamesWhatItIsBuiltOn) {
  EXPECT_EQ(Run({"version"}), 0);
  for (const char* part : {"gtm", "grpc", "protobuf", "abseil", "sqlite"}) {
    EXPECT_THAT(out_.str(), HasSubstr(part));
  }
  EXPECT_THAT(out_.str(), Not(HasSubstr("${")));
}

// gRPC aborts the process over metadata that is not ASCII.
TEST(CheckTenant, RefusesWhatCannotTravelAsMetadata) {
  EXPECT_TRUE(CheckTenant("acme-1 (north)").ok());
  EXPECT_TRUE(CheckTenant("").ok());
  EXPECT_FALSE(CheckTenant("a\xc3\xa9").ok());
  EXPECT_FALSE(CheckTenant("a\n").ok());
}

}  // namespace
}  // namespace gtm::cli
