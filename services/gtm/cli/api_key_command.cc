// gtm api-key: who may call the platform with a key, for the tenant of --tenant.

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "common/core/clock.h"
#include "common/identity/api_key.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using crm::v1::ApiKey;
using records::v1::RecordsService;

struct KeyFlags {
  std::string id;
  std::string name;
  std::string expires;
  std::vector<std::string> roles;
};

std::string RolesText(const ApiKey& key) {
  std::string text;
  for (const int role : key.roles()) {
    if (!text.empty()) text += ", ";
    text += EnumText(ApiKey::Role_Name(static_cast<ApiKey::Role>(role)), "ROLE_");
  }
  return text;
}

ApiKey::Role RoleOfName(const std::string& name) {
  if (name == "reader") return ApiKey::ROLE_READER;
  if (name == "writer") return ApiKey::ROLE_WRITER;
  return name == "approver" ? ApiKey::ROLE_APPROVER : ApiKey::ROLE_ADMIN;
}

Result<ApiKey> Store(Session& session, const ApiKey& key, const std::string& etag) {
  records::v1::CommitRequest request;
  request.set_request_id(NewRequestId());
  records::v1::Mutation& mutation = *request.mutable_mutation();
  *mutation.mutable_put()->mutable_api_key() = key;
  mutation.set_etag(etag);
  mutation.set_mode(etag.empty() ? records::v1::Mutation::MODE_CREATE
                                 : records::v1::Mutation::MODE_UPDATE);
  GTM_ASSIGN_OR_RETURN(
      const records::v1::CommitResponse response,
      session.client().Call<RecordsService>(&RecordsService::Stub::Commit, request));
  return response.result().record().api_key();
}

Result<int> RunCreate(Session& session, const KeyFlags& flags) {
  // The key names its tenant, so that must be known here, and be the one of the caller.
  if (session.flags.tenant.empty()) session.flags.tenant = "default";
  const identity::NewKey made = identity::MakeKey(TenantId(session.flags.tenant));
  ApiKey key;
  key.set_id(made.id);
  key.set_display_name(flags.name);
  for (const std::string& role : flags.roles) key.add_roles(RoleOfName(role));
  key.set_secret_sha256(made.secret_sha256);
  if (!flags.expires.empty()) {
    GTM_ASSIGN_OR_RETURN(*key.mutable_expire_time(), ParseTimeFlag(flags.expires, "--expires"));
  }
  GTM_ASSIGN_OR_RETURN(const ApiKey stored, Store(session, key, ""));
  Printer printer = session.printer();
  if (printer.format() == OutputFormat::kJson) {
    *session.console().out << fmt::format("{{\n \"id\": \"{}\",\n \"key\": \"{}\"\n}}\n",
                                          stored.id(), made.text);
    return kExitOk;
  }
  *session.console().out << made.text << "\n";
  *session.console().err << fmt::format(
      "gtm: key {} ({}) is made; what stands above is shown this once. Send it as "
      "GTM_TOKEN, or in the metadata \"authorization: Bearer ...\".\n",
      stored.id(), RolesText(stored));
  return kExitOk;
}

Result<int> RunRevoke(Session& session, const KeyFlags& flags) {
  records::v1::GetRequest request;
  request.mutable_key()->set_kind(records::v1::RECORD_KIND_API_KEY);
  request.mutable_key()->set_id(flags.id);
  GTM_ASSIGN_OR_RETURN(const records::v1::Record record,
                       session.client().Call<RecordsService>(&RecordsService::Stub::Get, request));
  ApiKey key = record.api_key();
  key.set_revoked(true);
  GTM_ASSIGN_OR_RETURN(const ApiKey stored, Store(session, key, key.etag()));
  *session.console().err << fmt::format(
      "gtm: key {} is revoked; every service refuses it within 2 seconds\n", stored.id());
  return kExitOk;
}

std::string StateOf(const ApiKey& key) {
  if (key.revoked()) return "revoked";
  const bool is_over = key.has_expire_time() &&
                       absl::FromUnixSeconds(key.expire_time().seconds()) <= SystemClock().Now();
  return is_over ? "expired" : "valid";
}

Result<int> RunList(Session& session, const KeyFlags& /*flags*/) {
  records::v1::ListRequest request;
  request.set_kind(records::v1::RECORD_KIND_API_KEY);
  records::v1::ListResponse all;
  do {
    GTM_ASSIGN_OR_RETURN(records::v1::ListResponse page, session.client().Call<RecordsService>(
                                                             &RecordsService::Stub::List, request));
    request.set_page_token(page.next_page_token());
    all.MergeFrom(page);
  } while (!request.page_token().empty());
  all.clear_next_page_token();
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  Table table{{{"id", "id", Align::kLeft, false},
               {"state", "state", Align::kLeft, false},
               {"roles", "roles", Align::kLeft, false},
               {"name", "display_name", Align::kLeft, true},
               {"made", "create_time", Align::kLeft, false},
               {"expires", "expire_time", Align::kLeft, false}},
              {}};
  for (const records::v1::Record& record : all.records()) {
    const ApiKey& key = record.api_key();
    const std::string state = StateOf(key);
    table.rows.push_back({key.id(), Cell(state, state == "valid" ? Tone::kGood : Tone::kFaint),
                          RolesText(key), Printable(key.display_name()),
                          TimeText(key.create_time()),
                          key.has_expire_time() ? TimeText(key.expire_time()) : std::string()});
  }
  printer.Main(table);
  return kExitOk;
}

CLI::App* Subcommand(CLI::App* parent, const std::string& name, const std::string& meaning,
                     Session& session, const std::shared_ptr<KeyFlags>& flags,
                     Result<int> (*run)(Session&, const KeyFlags&)) {
  CLI::App* command = parent->add_subcommand(name, meaning);
  command->callback([&session, flags, run] {
    session.action = [&session, flags, run] { return run(session, *flags); };
  });
  return command;
}

}  // namespace

void AddApiKeyCommands(CLI::App& app, Session& session) {
  CLI::App* parent = app.add_subcommand("api-key", "Make, list and revoke keys of programs");
  parent->require_subcommand(1);
  const auto flags = std::make_shared<KeyFlags>();
  CLI::App* create =
      Subcommand(parent, "create", "Make a key and show it, once", session, flags, &RunCreate);
  create->add_option("--role", flags->roles, "What it allows; may be given several times")
      ->required()
      ->check(CLI::IsMember({"reader", "writer", "approver", "admin"}));
  create->add_option("--name", flags->name, "What it is for")->type_name("TEXT");
  create->add_option("--expires", flags->expires, "End of this day (UTC), or instant")
      ->type_name("TIME");
  Subcommand(parent, "list", "List the keys of the tenant", session, flags, &RunList);
  CLI::App* revoke =
      Subcommand(parent, "revoke", "Refuse a key from now on", session, flags, &RunRevoke);
  revoke->add_option("id", flags->id, "Id of the key: what stands before the dot, from the last _")
      ->required();
}

}  // namespace gtm::cli
