// gtm import: the CSV files of a folder become records, through a mapping.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <map>

#include "common/core/clock.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/import_stream.h"
#include "services/gtm/cli/progress_bar.h"
#include "services/gtm/cli/text_format.h"
#include "services/gtm/import/importer.h"

namespace gtm::cli {
namespace {

using importing::Rejection;

struct ImportFlags {
  std::string mapping;
  std::string data = ".";
  std::string rejects;
  int show = 10;
  bool check = false;
  bool dry_run = false;
  int batch_records = 500;
};

// What the import made of one kind before the platform saw it.
struct MadeCounts {
  int64_t rejected = 0;
  int64_t skipped = 0;
};

// Passes records on, counts rejections, and shows progress.
class SendingSink final : public importing::Sink {
 public:
  // `stream` may be null: then nothing is sent.
  SendingSink(ImportStream* stream, std::ofstream* rejects, int shown_max, ProgressBar* bar)
      : stream_(stream), rejects_(rejects), shown_max_(shown_max), bar_(bar) {}

  bool OnRecord(importing::SourcedRecord record) override {
    ++made_[std::string(record::KindName(record::KindOf(record.record)))];
    if (stream_ == nullptr) return true;
    // The tag packs file and line, so that a rejection can name them.
    const auto [file, added] =
        files_.try_emplace(std::string(record.origin.file), file_names_.size());
    if (added) file_names_.push_back(file->first);
    const size_t tag = (file->second << kLineBits) | static_cast<size_t>(record.origin.line);
    auto status = stream_->Add(std::move(record.record), tag);
    if (!status.ok()) failure_ = std::move(status).error();
    return !failure_;
  }

  void OnRejection(Rejection rejection) override {
    MadeCounts& counts = counts_[rejection.kind];
    const bool skipped = rejection.reason == importing::RejectReason::kSkipped;
    const auto key = std::make_tuple(rejection.file, rejection.line, rejection.kind);
    // A row with several bad cells is one rejected row.
    if (key != last_) (skipped ? counts.skipped : counts.rejected) += 1;
    last_ = key;
    Report(rejection, std::string(RejectReasonName(rejection.reason)), skipped);
  }

  void OnServerRejection(const ServerRejection& rejection) {
    Rejection report;
    report.file = file_names_[rejection.tag >> kLineBits];
    report.line = static_cast<int64_t>(rejection.tag & ((size_t{1} << kLineBits) - 1));
    report.kind = rejection.kind;
    report.field = rejection.field;
    report.value = rejection.id;
    report.description = rejection.description;
    Report(report, rejection.reason, false);
  }

  void OnProgress(const importing::Progress& progress) override {
    ProgressState state;
    state.share = progress.total_byte_count == 0
                      ? 1
                      : static_cast<double>(progress.byte_count) /
                            static_cast<double>(progress.total_byte_count);
    state.record_count = stream_ == nullptr ? progress.row_count : stream_->answered_records();
    state.elapsed = SystemClock().Monotonic() - start_;
    bar_->Show(state);
  }

  void set_stream(ImportStream* stream) { stream_ = stream; }
  const std::optional<Error>& failure() const { return failure_; }
  const std::map<std::string, MadeCounts>& counts() const { return counts_; }
  const std::map<std::string, int64_t>& made() const { return made_; }
  const Table& shown() const { return shown_; }
  int64_t reported() const { return reported_; }
  const std::map<std::pair<std::string, std::string>, int64_t>& reasons() const { return reasons_; }

 private:
  static constexpr int kLineBits = 40;

  void Report(const Rejection& rejection, const std::string& reason, bool skipped) {
    ++reported_;
    ++reasons_[{reason, skipped ? rejection.description : rejection.field}];
    const std::vector<Cell> row = {rejection.file,  std::to_string(rejection.line),
                                   rejection.kind,  rejection.column,
                                   rejection.field, rejection.value,
                                   reason,          rejection.description};
    if (rejects_ != nullptr) {
      std::string line;
      for (size_t i = 0; i < row.size(); ++i) line += (i ? "," : "") + CsvCell(row[i].text);
      *rejects_ << line << "\n";
    }
    if (!skipped && static_cast<int>(shown_.rows.size()) < shown_max_) {
      shown_.rows.push_back({fmt::format("{}:{}", rejection.file, rejection.line), rejection.kind,
                             rejection.field.empty() ? rejection.column : rejection.field,
                             rejection.description});
    }
  }

  ImportStream* stream_;
  std::ofstream* rejects_;
  int shown_max_;
  ProgressBar* bar_;
  absl::Duration start_ = SystemClock().Monotonic();
  std::optional<Error> failure_;
  std::map<std::string, size_t> files_;
  std::vector<std::string> file_names_;
  std::map<std::string, MadeCounts> counts_;
  std::map<std::string, int64_t> made_;
  std::map<std::pair<std::string, std::string>, int64_t> reasons_;
  std::tuple<std::string, int64_t, std::string> last_;
  int64_t reported_ = 0;
  Table shown_ = {{{"where", "where", Align::kLeft, false},
                   {"kind", "kind", Align::kLeft, false},
                   {"field", "field", Align::kLeft, true},
                   {"what is wrong", "description", Align::kLeft, true}},
                  {}};
};

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return InvalidField("--mapping", fmt::format("{} cannot be opened", path));
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Table SummaryTable(const SendingSink& sink, const ImportStream* stream) {
  Table table{{{"kind", "kind", Align::kLeft, false},
               {"created", "created", Align::kRight, false},
               {"updated", "updated", Align::kRight, false},
               {"unchanged", "unchanged", Align::kRight, false},
               {"rejected", "rejected", Align::kRight, false},
               {"skipped", "skipped", Align::kRight, false}},
              {}};
  std::map<std::string, KindCounts> counts;
  if (stream != nullptr) counts = stream->counts();
  for (const auto& [kind, made] : sink.counts()) counts[kind].rejected += made.rejected;
  for (const record::KindInfo& kind : record::Kinds()) {
    const auto found = counts.find(kind.name);
    if (found == counts.end()) continue;
    const KindCounts& kind_counts = found->second;
    const auto made = sink.counts().find(kind.name);
    const int64_t skipped = made == sink.counts().end() ? 0 : made->second.skipped;
    const auto number = [](int64_t value, Tone tone = Tone::kPlain) {
      return Cell(Thousands(value), std::to_string(value), value == 0 ? Tone::kPlain : tone);
    };
    table.rows.push_back({kind.name, number(kind_counts.created), number(kind_counts.updated),
                          number(kind_counts.unchanged), number(kind_counts.rejected, Tone::kBad),
                          number(skipped, Tone::kWarn)});
  }
  return table;
}

Table CheckTable(const SendingSink& sink) {
  Table table{{{"kind", "kind", Align::kLeft, false},
               {"records", "records", Align::kRight, false},
               {"rejected", "rejected", Align::kRight, false},
               {"skipped", "skipped", Align::kRight, false}},
              {}};
  std::map<std::string, std::pair<int64_t, MadeCounts>> kinds;
  for (const auto& [kind, count] : sink.made()) kinds[kind].first = count;
  for (const auto& [kind, counts] : sink.counts()) kinds[kind].second = counts;
  for (const record::KindInfo& kind : record::Kinds()) {
    const auto found = kinds.find(kind.name);
    if (found == kinds.end()) continue;
    const auto number = [](int64_t value) { return Cell(Thousands(value), std::to_string(value)); };
    table.rows.push_back({kind.name, number(found->second.first),
                          number(found->second.second.rejected),
                          number(found->second.second.skipped)});
  }
  return table;
}

std::string SummaryJson(const Table& table, const std::string& revision) {
  std::string json = "{\n \"kinds\": [";
  for (size_t r = 0; r < table.rows.size(); ++r) {
    json += r == 0 ? "\n  {" : ",\n  {";
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const std::string& value = table.rows[r][i].csv();
      json += fmt::format("{}\"{}\": {}", i == 0 ? "" : ", ", table.columns[i].name,
                          i == 0 ? "\"" + value + "\"" : value);
    }
    json += "}";
  }
  return json + fmt::format("\n ],\n \"revision\": \"{}\"\n}}\n", revision);
}

// Everything after the last record: counts by kind, then what was left out and why.
void PrintReport(const ImportFlags& flags, const SendingSink& sink, const ImportStream* stream,
                 Printer* printer) {
  const Table summary = flags.check ? CheckTable(sink) : SummaryTable(sink, stream);
  if (printer->format() == OutputFormat::kJson) {
    *printer->console().out << SummaryJson(summary, stream == nullptr ? "" : stream->revision());
    return;
  }
  printer->Main(summary);
  if (!sink.reasons().empty()) {
    printer->Blank();
    printer->Line("left out:");
    for (const auto& [reason, count] : sink.reasons()) {
      printer->Line(fmt::format("  {:>9}  {}{}", Thousands(count), reason.first,
                                reason.second.empty() ? "" : ": " + reason.second));
    }
  }
  if (!sink.shown().rows.empty()) {
    printer->Blank();
    printer->Extra(sink.shown());
  }
  if (sink.reported() > 0 && flags.rejects.empty()) {
    printer->Line("all of them: repeat with --rejects FILE.csv (a second import changes nothing)");
  } else if (sink.reported() > 0) {
    printer->Line(fmt::format("every rejected row is in {}", flags.rejects));
  }
  if (flags.dry_run) printer->Line("dry run: nothing was written");
  if (stream != nullptr && stream->reconnects() > 0) {
    printer->Line(
        fmt::format("the connection was lost and taken up again {} times; created may "
                    "count as unchanged there",
                    stream->reconnects()));
  }
}

Result<int> RunImport(Session& session, const ImportFlags& flags) {
  GTM_ASSIGN_OR_RETURN(const std::string toml, ReadFile(flags.mapping));
  const std::string name = std::filesystem::path(flags.mapping).filename().string();
  GTM_ASSIGN_OR_RETURN(importing::Mapping mapping, importing::ParseMapping(toml, name));
  GTM_ASSIGN_OR_RETURN(
      const auto importer,
      importing::Importer::Open(std::move(mapping), name, importing::FolderOpener(flags.data)));
  std::ofstream rejects;
  if (!flags.rejects.empty()) {
    rejects.open(flags.rejects, std::ios::binary | std::ios::trunc);
    if (!rejects) {
      return InvalidField("--rejects", fmt::format("{} cannot be written", flags.rejects));
    }
    rejects << "file,line,kind,column,field,value,reason,description\n";
  }
  ProgressBar bar(session.console().err, session.console().err_is_terminal,
                  flags.check ? "checking" : "importing");
  SendingSink sink(nullptr, flags.rejects.empty() ? nullptr : &rejects, flags.show, &bar);
  std::unique_ptr<ImportStream> stream;
  if (!flags.check) {
    ImportStreamOptions options;
    options.batch_records = flags.batch_records;
    options.validate_only = flags.dry_run;
    stream = std::make_unique<ImportStream>(
        session.client(), options,
        [&sink](const ServerRejection& rejection) { sink.OnServerRejection(rejection); });
    sink.set_stream(stream.get());
  }
  GTM_ASSIGN_OR_RETURN(const bool ended, importer->Run(&sink));
  if (!ended && sink.failure()) return *sink.failure();
  if (stream != nullptr) GTM_RETURN_IF_ERROR(stream->Finish());
  bar.Clear();
  if (!flags.rejects.empty() && !rejects.flush()) {
    return InvalidField("--rejects",
                        fmt::format("{} cannot be written; is the disk full?", flags.rejects));
  }
  Printer printer = session.printer();
  PrintReport(flags, sink, stream.get(), &printer);
  bool partly = false;
  for (const auto& [kind, counts] : sink.counts()) partly = partly || counts.rejected > 0;
  if (stream != nullptr) {
    for (const auto& [kind, counts] : stream->counts()) partly = partly || counts.rejected > 0;
  }
  return partly ? kExitPartly : kExitOk;
}

}  // namespace

void AddImportCommand(CLI::App& app, Session& session) {
  auto flags = std::make_shared<ImportFlags>();
  CLI::App* command = app.add_subcommand(
      "import", "Import CSV files through a mapping; can be repeated without doubling anything");
  command->add_option("-m,--mapping", flags->mapping, "Mapping file (TOML)")
      ->required()
      ->type_name("FILE");
  command->add_option("-d,--data", flags->data, "Folder with the CSV files")
      ->required()
      ->type_name("DIR");
  command->add_option("--rejects", flags->rejects, "Write every rejected row to this CSV file")
      ->type_name("FILE");
  command->add_option("--show", flags->show, "Rejected rows to show")
      ->capture_default_str()
      ->check(CLI::Range(0, 10'000));
  command->add_flag("--check", flags->check, "Read and map only; talk to no server");
  command->add_flag("--dry-run", flags->dry_run,
                    "Let the server validate and compare; write nothing");
  command->add_option("--batch", flags->batch_records, "Records in a batch")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000));
  command->callback([&session, flags] {
    session.action = [&session, flags] { return RunImport(session, *flags); };
  });
}

}  // namespace gtm::cli
