#pragma once
// Files in memory and a sink that keeps everything, for tests of imports.

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "services/gtm/import/importer.h"

namespace gtm::importing {

using MemoryFiles = std::map<std::string, std::string>;

inline FileOpener MemoryOpener(MemoryFiles files) {
  return [files = std::move(files)](const std::string& path) {
    const auto file = files.find(path);
    if (file == files.end()) return OpenedFile{};
    return OpenedFile{std::make_unique<std::istringstream>(file->second),
                      static_cast<int64_t>(file->second.size())};
  };
}

// Everything that an import made. Each record as "kind { fields }" with its line.
class CollectingSink final : public Sink {
 public:
  bool OnRecord(SourcedRecord record) override {
    google::protobuf::TextFormat::Printer printer;
    printer.SetSingleLineMode(true);
    std::string text;
    printer.PrintToString(record.record, &text);
    while (text.ends_with(' ')) text.pop_back();
    texts.push_back(text);
    ++counts[std::string(record::KindName(record::KindOf(record.record)))];
    records.push_back(std::move(record.record));
    return true;
  }
  void OnRejection(Rejection rejection) override {
    ++rejected[fmt::format("{} {}", rejection.kind, RejectReasonName(rejection.reason))];
    rejections.push_back(std::move(rejection));
  }
  void OnProgress(const Progress& now) override { progress = now; }

  std::vector<record::Record> records;
  std::vector<std::string> texts;
  std::map<std::string, int> counts;    // by kind
  std::map<std::string, int> rejected;  // by "kind REASON"
  std::vector<Rejection> rejections;
  Progress progress;
};

// Runs a mapping over files in memory. Mistakes come back as the error.
inline Result<CollectingSink> RunImport(std::string_view mapping, FileOpener opener) {
  GTM_ASSIGN_OR_RETURN(Mapping parsed, ParseMapping(mapping, "m.toml"));
  GTM_ASSIGN_OR_RETURN(const auto importer,
                       Importer::Open(std::move(parsed), "m.toml", std::move(opener)));
  CollectingSink sink;
  GTM_ASSIGN_OR_RETURN(const bool ended, importer->Run(&sink));
  (void)ended;
  return sink;
}

inline Result<CollectingSink> RunImport(std::string_view mapping, MemoryFiles files) {
  return RunImport(mapping, MemoryOpener(std::move(files)));
}

}  // namespace gtm::importing
