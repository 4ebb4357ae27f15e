#include "services/gtm/import/mapping.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "services/gtm/import/toml_reading.h"
#include "services/gtm/import/value_parser.h"

namespace gtm::importing {
namespace {

using record::KindInfo;

// Kinds in the order of import: what others refer to comes first.
constexpr std::string_view kImportOrder[] = {
    "tenant_settings", "exchange_rate", "seller",      "executive",  "campaign",
    "account",         "contact",       "opportunity", "engagement", "subscription_movement"};

size_t OrderOf(const KindInfo& kind) {
  return static_cast<size_t>(
      std::find(std::begin(kImportOrder), std::end(kImportOrder), kind.name) -
      std::begin(kImportOrder));
}

class MappingParser {
 public:
  explicit MappingParser(const std::string& file) : mistakes_(file) {}

  Result<Mapping> Parse(const toml::table& root) {
    CheckKeys(root, {"name", "description", "defaults", "files", "values", "record"}, &mistakes_);
    Read(root, "name", &mapping_.name, &mistakes_);
    Read(root, "description", &mapping_.description, &mistakes_);
    ParseValueMaps(root);
    ParseDefaults(root);
    ValueParser values(defaults_, mapping_.value_maps, &mistakes_);
    ParseFiles(root, &values);
    for (const toml::table* block : ReadTables(root, "record", &mistakes_)) {
      ParseBlock(*block, &values);
    }
    if (mapping_.blocks.empty() && mistakes_.empty()) {
      mistakes_.Add(1, "there is no [[record]]: nothing would be imported");
    }
    if (!mistakes_.empty()) return InvalidFields(mistakes_.Take());
    std::stable_sort(mapping_.blocks.begin(), mapping_.blocks.end(),
                     [](const RecordBlock& a, const RecordBlock& b) {
                       return OrderOf(*a.kind) < OrderOf(*b.kind);
                     });
    return std::move(mapping_);
  }

 private:
  void ParseDefaults(const toml::table& root) {
    const toml::table* table = ReadTable(root, "defaults", &mistakes_);
    if (table == nullptr) return;
    CheckKeys(*table,
              {"dates", "time_zone", "decimal_mark", "group_mark", "currency", "strip", "empty"},
              &mistakes_);
    ValueParser({}, {}, &mistakes_).ParseFormat(*table, &defaults_);
    Read(*table, "empty", &mapping_.empty_words, &mistakes_);
    mapping_.empty_words.push_back("");
  }

  void ParseValueMaps(const toml::table& root) {
    const toml::table* tables = ReadTable(root, "values", &mistakes_);
    if (tables == nullptr) return;
    for (const auto& [name, node] : *tables) {
      if (!node.is_table()) {
        mistakes_.Add(node, fmt::format("write a value map as [values.{}]", name.str()));
        continue;
      }
      mapping_.value_maps.push_back(ParseValueMap(std::string(name.str()), *node.as_table()));
    }
  }

  ValueMap ParseValueMap(std::string name, const toml::table& table) {
    CheckKeys(table, {"map", "otherwise"}, &mistakes_);
    ValueMap map;
    map.name = std::move(name);
    std::string otherwise = "keep";
    Read(table, "otherwise", &otherwise, &mistakes_);
    if (otherwise == "keep") {
      map.otherwise = ValueMap::Otherwise::kKeep;
    } else if (otherwise == "reject") {
      map.otherwise = ValueMap::Otherwise::kReject;
    } else if (otherwise == "empty") {
      map.otherwise = ValueMap::Otherwise::kEmpty;
    } else {
      mistakes_.Add(*table.get("otherwise"), "otherwise must be \"keep\", \"reject\" or \"empty\"");
    }
    const toml::table* words = ReadTable(table, "map", &mistakes_);
    if (words == nullptr) return map;
    for (const auto& [from, to] : *words) {
      if (const auto text = to.value_exact<std::string>()) {
        map.words[std::string(from.str())] = *text;
      } else {
        mistakes_.Add(to, "a value map goes from text to text");
      }
    }
    return map;
  }

  void ParseFiles(const toml::table& root, ValueParser* values) {
    const toml::table* files = ReadTable(root, "files", &mistakes_);
    if (files == nullptr) return;
    for (const auto& [name, node] : *files) {
      if (!node.is_table()) {
        mistakes_.Add(node, fmt::format("write a file as [files.{}] with a path", name.str()));
        continue;
      }
      mapping_.files.push_back(ParseFile(std::string(name.str()), *node.as_table(), values));
    }
  }

  FileSpec ParseFile(std::string name, const toml::table& table, ValueParser* values) {
    CheckKeys(table, {"path", "separator", "encoding", "optional", "columns", "ledger"},
              &mistakes_);
    FileSpec file;
    file.name = std::move(name);
    file.line = Mistakes::LineOf(table);
    Read(table, "path", &file.path, &mistakes_);
    Read(table, "separator", &file.separator, &mistakes_);
    Read(table, "optional", &file.optional, &mistakes_);
    Read(table, "columns", &file.columns, &mistakes_);
    if (file.path.empty()) {
      mistakes_.Add(file.line, "a file needs a path, relative to the data folder");
    }
    if (file.path.starts_with('/') || file.path.find("..") != std::string::npos) {
      mistakes_.Add(file.line, "a path stays inside the data folder: no leading / and no ..");
    }
    std::string encoding = "utf-8";
    Read(table, "encoding", &encoding, &mistakes_);
    file.latin1 = encoding == "latin-1";
    if (encoding != "utf-8" && encoding != "latin-1") {
      mistakes_.Add(*table.get("encoding"), "encoding must be \"utf-8\" or \"latin-1\"");
    }
    if (const toml::table* ledgers = ReadTable(table, "ledger", &mistakes_)) {
      for (const auto& [ledger_name, node] : *ledgers) {
        if (!node.is_table()) continue;
        file.ledgers.push_back(
            ParseLedger(std::string(ledger_name.str()), *node.as_table(), values));
      }
    }
    return file;
  }

  Ledger ParseLedger(std::string name, const toml::table& table, ValueParser* values) {
    CheckKeys(
        table,
        {"by", "start", "end", "amount", "when", "dates", "decimal_mark", "group_mark", "strip"},
        &mistakes_);
    Ledger ledger;
    ledger.name = std::move(name);
    ledger.line = Mistakes::LineOf(table);
    ledger.format = defaults_;
    values->ParseFormat(table, &ledger.format);
    ledger.when = values->ParseConditions(table, "when");
    const auto column = [&](std::string_view key) {
      TextPart part;
      Read(table, key, &part.column, &mistakes_);
      if (part.column.empty()) {
        mistakes_.Add(ledger.line, fmt::format("a ledger needs the column of {}", key));
      }
      return part;
    };
    ledger.by = column("by");
    ledger.start = column("start");
    ledger.end = column("end");
    ledger.amount = column("amount");
    return ledger;
  }

  int FindFile(const toml::table& table, std::string_view key) {
    std::string name;
    Read(table, key, &name, &mistakes_);
    std::vector<std::string> names;
    for (size_t i = 0; i < mapping_.files.size(); ++i) {
      if (mapping_.files[i].name == name) return static_cast<int>(i);
      names.push_back(mapping_.files[i].name);
    }
    mistakes_.Add(Mistakes::LineOf(table),
                  fmt::format("there is no [files.{}]{}", name, DidYouMean(name, names)));
    return -1;
  }

  const KindInfo* FindKind(const toml::table& table) {
    std::string name;
    Read(table, "kind", &name, &mistakes_);
    const KindInfo* kind = record::FindKind(name);
    std::vector<std::string> names;
    for (const KindInfo& info : record::Kinds()) {
      if (info.writer == type::v1::KIND_WRITER_CLIENT) names.push_back(info.name);
    }
    if (kind == nullptr) {
      mistakes_.Add(Mistakes::LineOf(table),
                    fmt::format("there is no record kind \"{}\"{}", name, DidYouMean(name, names)));
    } else if (kind->writer != type::v1::KIND_WRITER_CLIENT) {
      mistakes_.Add(Mistakes::LineOf(table),
                    fmt::format("{} is a decision: only its service writes it", name));
      return nullptr;
    }
    return kind;
  }

  void ParseBlock(const toml::table& table, ValueParser* values) {
    CheckKeys(table, {"kind", "file", "id", "distinct", "join", "when", "skip", "fields", "append"},
              &mistakes_);
    RecordBlock block;
    block.line = Mistakes::LineOf(table);
    block.kind = FindKind(table);
    if (table.contains("file")) block.file = FindFile(table, "file");
    if (block.kind == nullptr) return;
    if (const toml::node* id = table.get("id")) {
      block.id = values->Parse(*id);
    } else if (!block.kind->singleton_id.empty()) {
      block.id.parts = {{.text = block.kind->singleton_id, .column = ""}};
    } else {
      mistakes_.Add(block.line, "a record needs an id: id = \"column\" or id = \"sub-{column}\"");
    }
    Read(table, "distinct", &block.distinct, &mistakes_);
    for (const toml::table* join : ReadTables(table, "join", &mistakes_)) {
      block.joins.push_back(ParseJoin(*join, values));
    }
    block.when = values->ParseConditions(table, "when");
    for (const toml::table* skip : ReadTables(table, "skip", &mistakes_)) {
      block.skips.push_back(ParseSkip(*skip, values));
    }
    const google::protobuf::Descriptor* payload = block.kind->payload_type();
    if (const toml::table* fields = ReadTable(table, "fields", &mistakes_)) {
      block.fields = ParseFields(*fields, payload, values);
    }
    for (const toml::table* append : ReadTables(table, "append", &mistakes_)) {
      ParseAppend(*append, payload, values, &block);
    }
    mapping_.blocks.push_back(std::move(block));
  }

  Skip ParseSkip(const toml::table& table, ValueParser* values) {
    CheckKeys(table, {"when", "reason"}, &mistakes_);
    Skip skip;
    skip.when = values->ParseConditions(table, "when");
    Read(table, "reason", &skip.reason, &mistakes_);
    if (skip.when.empty() || skip.reason.empty()) {
      mistakes_.Add(Mistakes::LineOf(table), "a skip needs when and a reason for the report");
    }
    return skip;
  }

  Join ParseJoin(const toml::table& table, ValueParser* values) {
    CheckKeys(table, {"file", "as", "from", "to", "missing"}, &mistakes_);
    Join join;
    join.line = Mistakes::LineOf(table);
    join.file = FindFile(table, "file");
    if (join.file >= 0) join.as = mapping_.files[static_cast<size_t>(join.file)].name;
    Read(table, "as", &join.as, &mistakes_);
    Read(table, "to", &join.to, &mistakes_);
    if (const toml::node* from = table.get("from")) join.from = values->Parse(*from);
    if (join.from.parts.empty() || join.to.empty()) {
      mistakes_.Add(join.line,
                    "a join needs from (column of this file) and to (column of the other)");
    }
    std::string missing = "reject";
    Read(table, "missing", &missing, &mistakes_);
    join.required = missing == "reject";
    if (missing != "reject" && missing != "empty") {
      mistakes_.Add(*table.get("missing"), "missing must be \"reject\" or \"empty\"");
    }
    return join;
  }

  // Dotted keys of TOML are tables; "custom_labels.plan" = "x" and
  // custom_labels.plan = "x" mean the same.
  void CollectFields(const toml::table& table, const std::string& prefix,
                     const google::protobuf::Descriptor* type, ValueParser* values,
                     std::vector<Assignment>* fields) {
    for (const auto& [key, node] : table) {
      const std::string path = prefix + std::string(key.str());
      const toml::table* inner = node.as_table();
      const bool leaf = inner == nullptr || inner->contains("column") ||
                        inner->contains("template") || inner->contains("value");
      auto resolved = ResolveField(type, path);
      if (!leaf && !resolved.ok()) {
        CollectFields(*inner, path + ".", type, values, fields);
        continue;
      }
      if (!resolved.ok()) {
        const FieldViolation& wrong = resolved.error().violations().front();
        mistakes_.Add(static_cast<int>(key.source().begin.line),
                      fmt::format("{}: {}", wrong.field, wrong.description));
        continue;
      }
      fields->push_back({*std::move(resolved), values->Parse(node)});
      const Assignment& added = fields->back();
      if (added.path.kind == LeafKind::kMoney && added.value.format.currency.empty() &&
          added.value.format.currency_column.empty()) {
        mistakes_.Add(node, fmt::format("{} is money: set currency or currency_column, here or "
                                        "under [defaults]",
                                        path));
      }
    }
  }

  std::vector<Assignment> ParseFields(const toml::table& table,
                                      const google::protobuf::Descriptor* type,
                                      ValueParser* values) {
    std::vector<Assignment> fields;
    CollectFields(table, "", type, values, &fields);
    return fields;
  }

  void ParseAppend(const toml::table& table, const google::protobuf::Descriptor* payload,
                   ValueParser* values, RecordBlock* block) {
    CheckKeys(table, {"to", "when", "fields"}, &mistakes_);
    Append append;
    append.line = Mistakes::LineOf(table);
    std::string to;
    Read(table, "to", &to, &mistakes_);
    auto list = ResolveList(payload, to);
    if (!list.ok()) {
      mistakes_.Add(append.line, fmt::format("append to \"{}\": {}", to,
                                             list.error().violations().front().description));
      return;
    }
    append.list = *list;
    append.when = values->ParseConditions(table, "when");
    if (const toml::table* fields = ReadTable(table, "fields", &mistakes_)) {
      append.fields = ParseFields(*fields, append.list->message_type(), values);
    }
    block->appends.push_back(std::move(append));
  }

  Mistakes mistakes_;
  Mapping mapping_;
  CellFormat defaults_;
};

}  // namespace

Result<Mapping> ParseMapping(std::string_view toml, const std::string& file) {
  try {
    const toml::table root = toml::parse(toml, file);
    return MappingParser(file).Parse(root);
  } catch (const toml::parse_error& error) {
    return InvalidField(fmt::format("{}:{}", file, error.source().begin.line),
                        fmt::format("is not TOML: {}", error.description()));
  }
}

}  // namespace gtm::importing
