// gtm record get | list | history | watch: the records as they are stored.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ostream>

#include "common/record/kinds.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/flatten.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

using records::v1::Change;
using records::v1::RecordsService;

constexpr int kPageSize = 1'000;
constexpr size_t kTableColumnsMax = 7;
constexpr int kLimitMax = 1'000'000'000;

struct RecordFlags {
  std::string kind;
  std::string id;
  std::string prefix;
  std::string recorded_as_of;
  std::string from;
  std::vector<std::string> kinds;
  int64_t limit = 100;
};

// Kinds by name; CLI11 has checked the name.
records::v1::RecordKind KindOfName(const std::string& name) { return record::FindKind(name)->kind; }

CLI::Validator KindValidator() {
  std::vector<std::string> names;
  for (const record::KindInfo& kind : record::Kinds()) names.push_back(kind.name);
  return CLI::IsMember(names).description("");
}

records::v1::RecordKey KeyOf(const RecordFlags& flags) {
  records::v1::RecordKey key;
  key.set_kind(KindOfName(flags.kind));
  key.set_id(flags.id);
  return key;
}

Result<int> RunGet(Session& session, const RecordFlags& flags) {
  records::v1::GetRequest request;
  *request.mutable_key() = KeyOf(flags);
  GTM_ASSIGN_OR_RETURN(const record::Record record,
                       session.client().Call<RecordsService>(&RecordsService::Stub::Get, request));
  Printer printer = session.printer();
  if (printer.Json(record)) return kExitOk;
  Table table{{{"field", "field", Align::kLeft, false}, {"value", "value", Align::kLeft, true}},
              {}};
  if (const auto* payload = record::Payload(record)) {
    for (FlatField& field : Flatten(*payload, true)) {
      table.rows.push_back({Cell(field.path), Cell(field.value, field.raw)});
    }
  }
  printer.Main(table);
  return kExitOk;
}

// One column a field that any record has: all of them in CSV, the first few as a table.
Table RecordsTable(const records::v1::ListResponse& list, bool all_columns) {
  std::vector<std::vector<FlatField>> rows;
  std::vector<std::pair<int, std::string>> order;  // field number, path
  for (const record::Record& record : list.records()) {
    const auto* payload = record::Payload(record);
    if (payload == nullptr) continue;
    rows.push_back(Flatten(*payload, false));
    for (const FlatField& field : rows.back()) {
      const std::string top = field.path.substr(0, field.path.find('.'));
      const int number = payload->GetDescriptor()->FindFieldByName(top)->number();
      const std::pair<int, std::string> entry{number, field.path};
      // Output-only fields (2 to 4) do not belong in a small table.
      if (!all_columns && number >= 2 && number <= 4) continue;
      const auto at = std::lower_bound(order.begin(), order.end(), entry);
      if (at == order.end() || *at != entry) order.insert(at, entry);
    }
  }
  if (!all_columns && order.size() > kTableColumnsMax) order.resize(kTableColumnsMax);
  Table table;
  for (const auto& [number, path] : order) {
    table.columns.push_back({path, path, Align::kLeft, path != "id"});
  }
  for (const auto& row : rows) {
    std::vector<Cell> cells;
    for (const auto& [number, path] : order) {
      const auto field = std::find_if(row.begin(), row.end(),
                                      [&p = path](const FlatField& f) { return f.path == p; });
      cells.push_back(field == row.end() ? Cell("") : Cell(field->value, field->raw));
    }
    table.rows.push_back(std::move(cells));
  }
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const bool numbers = std::all_of(table.rows.begin(), table.rows.end(), [i](const auto& row) {
      const std::string& text = row[i].csv();
      return text.find_first_not_of("0123456789.-") == std::string::npos &&
             text.find('-', 1) == std::string::npos;
    });
    if (numbers) table.columns[i].align = Align::kRight;
  }
  return table;
}

Result<int> RunList(Session& session, const RecordFlags& flags) {
  records::v1::ListRequest request;
  request.set_kind(KindOfName(flags.kind));
  request.set_id_prefix(flags.prefix);
  if (!flags.recorded_as_of.empty()) {
    GTM_ASSIGN_OR_RETURN(*request.mutable_recorded_as_of(),
                         ParseTimeFlag(flags.recorded_as_of, "--recorded-as-of"));
  }
  records::v1::ListResponse all;
  while (all.records_size() < flags.limit) {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kPageSize, flags.limit - all.records_size())));
    GTM_ASSIGN_OR_RETURN(records::v1::ListResponse page, session.client().Call<RecordsService>(
                                                             &RecordsService::Stub::List, request));
    for (auto& record : *page.mutable_records()) *all.add_records() = std::move(record);
    if (all.revision().empty()) all.set_revision(page.revision());
    all.set_next_page_token(page.next_page_token());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  if (all.records().empty()) {
    printer.Line("no records");
    return kExitOk;
  }
  printer.Main(RecordsTable(all, printer.format() == OutputFormat::kCsv));
  if (!all.next_page_token().empty()) {
    printer.Line(fmt::format("the first {}; --limit shows more", Thousands(all.records_size())));
  }
  return kExitOk;
}

std::string OperationText(const Change& change) {
  return EnumText(Change::Operation_Name(change.operation()), "OPERATION_");
}

Result<int> RunHistory(Session& session, const RecordFlags& flags) {
  records::v1::ListHistoryRequest request;
  *request.mutable_key() = KeyOf(flags);
  records::v1::ListHistoryResponse all;
  while (all.changes_size() < flags.limit) {
    request.set_page_size(
        static_cast<int32_t>(std::min<int64_t>(kPageSize, flags.limit - all.changes_size())));
    GTM_ASSIGN_OR_RETURN(auto page, session.client().Call<RecordsService>(
                                        &RecordsService::Stub::ListHistory, request));
    for (auto& change : *page.mutable_changes()) *all.add_changes() = std::move(change);
    all.set_next_page_token(page.next_page_token());
    if (page.next_page_token().empty()) break;
    request.set_page_token(page.next_page_token());
  }
  Printer printer = session.printer();
  if (printer.Json(all)) return kExitOk;
  Table table{{{"when", "commit_time", Align::kLeft, false},
               {"what", "operation", Align::kLeft, false},
               {"who", "actor", Align::kLeft, false},
               {"revision", "revision", Align::kLeft, false},
               {"request", "request_id", Align::kLeft, true}},
              {}};
  for (const Change& change : all.changes()) {
    table.rows.push_back({TimeText(change.commit_time()), OperationText(change), change.actor(),
                          change.revision(), change.request_id()});
  }
  printer.Main(table);
  return kExitOk;
}

void PrintChange(const Change& change, const Printer& printer) {
  std::ostream& out = *printer.console().out;
  if (printer.format() == OutputFormat::kJson) {
    out << JsonText(change, false) << std::endl;
    return;
  }
  const std::string kind(record::KindName(record::KindOf(change.record())));
  const std::string& id = record::IdOf(change.record());
  if (printer.format() == OutputFormat::kCsv) {
    out << CsvCell(TimeText(change.commit_time())) << ',' << OperationText(change) << ',' << kind
        << ',' << CsvCell(id) << ',' << CsvCell(change.actor()) << ',' << change.revision()
        << std::endl;
    return;
  }
  out << fmt::format("{}  {:<6}  {:<22}  {}  by {}", TimeText(change.commit_time()),
                     OperationText(change), kind, Printable(id), Printable(change.actor()))
      << std::endl;
}

Result<int> RunWatch(Session& session, const RecordFlags& flags) {
  records::v1::WatchRequest request;
  request.set_revision(flags.from);
  for (const std::string& kind : flags.kinds) request.add_kinds(KindOfName(kind));
  const auto stub = RecordsService::NewStub(session.client().channel());
  const auto context = session.client().NewContext(absl::Hours(24 * 365));
  const auto stream = stub->Watch(context.get(), request);
  const Printer printer = session.printer();
  if (printer.format() == OutputFormat::kCsv) {
    *printer.console().out << "commit_time,operation,kind,id,actor,revision\n";
  }
  if (session.console().err_is_terminal) {
    *session.console().err << "watching; Ctrl-C ends" << std::endl;
  }
  records::v1::WatchResponse response;
  int64_t seen = 0;
  while (stream->Read(&response)) {
    for (const Change& change : response.changes()) {
      PrintChange(change, printer);
      if (++seen == flags.limit) {
        context->TryCancel();
        stream->Finish();
        return kExitOk;
      }
    }
  }
  return session.client().ToError(stream->Finish());
}

// Registers one subcommand with an action over the shared flags.
CLI::App* Subcommand(CLI::App* parent, const std::string& name, const std::string& meaning,
                     Session& session, const std::shared_ptr<RecordFlags>& flags,
                     Result<int> (*run)(Session&, const RecordFlags&)) {
  CLI::App* command = parent->add_subcommand(name, meaning);
  command->callback([&session, flags, run] {
    session.action = [&session, flags, run] { return run(session, *flags); };
  });
  return command;
}

void AddKey(CLI::App* command, RecordFlags* flags) {
  command->add_option("kind", flags->kind, "Kind, such as account")
      ->required()
      ->type_name("KIND")
      ->check(KindValidator());
  command->add_option("id", flags->id, "Id of the record")->required();
}

}  // namespace

void AddRecordCommands(CLI::App& app, Session& session) {
  CLI::App* record = app.add_subcommand("record", "Read records as they are stored");
  record->require_subcommand(1);
  // Each command has flags of its own, since their defaults differ.
  auto flags = std::make_shared<RecordFlags>();
  AddKey(Subcommand(record, "get", "Show one record", session, flags, &RunGet), flags.get());
  flags = std::make_shared<RecordFlags>();
  CLI::App* list =
      Subcommand(record, "list", "List records of a kind by id", session, flags, &RunList);
  list->add_option("kind", flags->kind, "Kind, such as account")
      ->required()
      ->type_name("KIND")
      ->check(KindValidator());
  list->add_option("--prefix", flags->prefix, "Only ids that begin with this")->type_name("TEXT");
  list->add_option("--recorded-as-of", flags->recorded_as_of,
                   "As they were recorded at this day's end or instant")
      ->type_name("TIME");
  list->add_option("--limit", flags->limit, "Most records to show")
      ->capture_default_str()
      ->check(CLI::Range(1, kLimitMax));
  flags = std::make_shared<RecordFlags>();
  CLI::App* history = Subcommand(record, "history", "Show who wrote a record, and when", session,
                                 flags, &RunHistory);
  AddKey(history, flags.get());
  history->add_option("--limit", flags->limit, "Most versions to show")
      ->capture_default_str()
      ->check(CLI::Range(1, kLimitMax));
  flags = std::make_shared<RecordFlags>();
  flags->limit = 0;
  CLI::App* watch =
      Subcommand(record, "watch", "Follow changes as they happen", session, flags, &RunWatch);
  watch->add_option("--kind", flags->kinds, "Only these kinds")
      ->type_name("KIND")
      ->check(KindValidator());
  watch->add_option("--from", flags->from, "Changes after this revision; default: from now on")
      ->type_name("REVISION");
  watch->add_option("--limit", flags->limit, "Stop after this many changes; 0: never")
      ->capture_default_str()
      ->check(CLI::Range(0, kLimitMax));
}

}  // namespace gtm::cli
