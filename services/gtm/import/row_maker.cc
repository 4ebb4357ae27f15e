#include "services/gtm/import/row_maker.h"

#include <fmt/format.h>
#include <google/protobuf/timestamp.pb.h>

#include "common/core/ids.h"
#include "gtm/type/v1/rules.pb.h"
#include "services/gtm/import/cell.h"

namespace gtm::importing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kShownBytesMax = 80;

// Cut at the start of a UTF-8 character.
std::string Shown(std::string_view text) {
  if (text.size() <= kShownBytesMax) return std::string(text);
  size_t end = kShownBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

std::string ColumnsOf(const Value& value) {
  std::string columns;
  for (const TextPart& part : value.parts) {
    if (part.column.empty()) continue;
    columns += (columns.empty() ? "" : ", ") + part.column;
  }
  return columns;
}

const google::protobuf::Timestamp& ChangeTime(const Message& item) {
  const FieldDescriptor* field = item.GetDescriptor()->FindFieldByName("change_time");
  return static_cast<const google::protobuf::Timestamp&>(
      item.GetReflection()->GetMessage(item, field));
}

bool Rises(const google::protobuf::Timestamp& a, const google::protobuf::Timestamp& b) {
  return a.seconds() != b.seconds() ? a.seconds() < b.seconds() : a.nanos() < b.nanos();
}

}  // namespace

void RowMaker::Reject(RejectReason reason, const Value* value, std::string_view field,
                      std::string_view text, std::string description) {
  rejections_->push_back({.column = value == nullptr ? "" : ColumnsOf(*value),
                          .field = std::string(field),
                          .value = Shown(text),
                          .reason = reason,
                          .description = std::move(description)});
}

bool RowMaker::Evaluate(const Value& value, std::string_view field, std::string* text) {
  text->clear();
  // A template whose columns are all empty is empty, not a row of separators.
  bool has_column = false;
  bool has_content = false;
  for (const TextPart& part : value.parts) {
    if (part.column.empty()) {
      text->append(part.text);
    } else {
      const std::string_view cell = cells_[static_cast<size_t>(part.cell)];
      has_column = true;
      has_content = has_content || !cell.empty();
      text->append(cell);
    }
  }
  if (has_column && !has_content) text->clear();
  if (!text->empty() && value.value_map >= 0) {
    const ValueMap& map = mapping_.value_maps[static_cast<size_t>(value.value_map)];
    const auto word = map.words.find(*text);
    if (word != map.words.end()) {
      *text = word->second;
    } else if (map.otherwise == ValueMap::Otherwise::kEmpty) {
      text->clear();
    } else if (map.otherwise == ValueMap::Otherwise::kReject) {
      Reject(RejectReason::kUnknownValue, &value, field, *text,
             fmt::format("\"{}\" is not listed in [values.{}]", Shown(*text), map.name));
      return false;
    }
  }
  if (text->empty()) *text = value.otherwise;
  if (text->empty() && value.required) {
    Reject(RejectReason::kMissingValue, &value, field, "", "is empty, and the mapping requires it");
    return false;
  }
  return true;
}

// Rejections are kept back until it is known that the row is wanted at all.
void RowMaker::AddJoins() {
  std::string key;
  for (size_t i = 0; i < block_.joins.size(); ++i) {
    const Join& join = block_.joins[i];
    const LookupTable& table = binding_.joins[i];
    const bool readable = Evaluate(join.from, join.as, &key);
    const std::string* found = !readable || key.empty() ? nullptr : table.Find(key);
    if (found == nullptr && join.required && readable) {
      Reject(RejectReason::kNoMatch, &join.from, "", key,
             fmt::format("{} has no row with {} = \"{}\"",
                         mapping_.files[static_cast<size_t>(join.file)].path, join.to, Shown(key)));
    }
    for (size_t k = 0; k < table.width(); ++k) {
      cells_.push_back(found == nullptr ? std::string_view() : std::string_view(found[k]));
    }
  }
}

void RowMaker::AddLedgers(int64_t line) {
  for (const LedgerTable& ledger : binding_.ledgers) {
    const LedgerTypes types = ledger.Find(line);
    cells_.push_back(types.start_type);
    cells_.push_back(types.end_type);
  }
}

void RowMaker::Fill(const std::vector<Assignment>& fields, const std::string& prefix,
                    Message* message) {
  std::string text;
  for (const Assignment& field : fields) {
    const std::string name = prefix + field.path.text;
    if (!Evaluate(field.value, name, &text) || text.empty()) continue;
    const CellFormat& format = field.value.format;
    std::string_view currency = format.currency;
    if (format.currency_cell >= 0) {
      const std::string_view cell = cells_[static_cast<size_t>(format.currency_cell)];
      if (!cell.empty()) currency = cell;
    }
    std::string problem = FillField(field.path, text, format, currency, message);
    if (!problem.empty()) {
      Reject(RejectReason::kBadCell, &field.value, name, text, std::move(problem));
    }
  }
}

void RowMaker::FillAppends(Message* payload) {
  for (const Append& append : block_.appends) {
    if (!Holds(append.when, cells_)) continue;
    const int count = payload->GetReflection()->FieldSize(*payload, append.list);
    Message* item = payload->GetReflection()->AddMessage(payload, append.list);
    Fill(append.fields, fmt::format("{}[{}].", append.list->name(), count), item);
  }
}

// Histories must rise strictly in time; the platform refuses them otherwise, and here the
// line of the file is known.
void RowMaker::CheckHistories(const Message& payload) {
  const Reflection* reflection = payload.GetReflection();
  for (const Append& append : block_.appends) {
    const FieldDescriptor* list = append.list;
    if (!list->options().GetExtension(type::v1::rule).history()) continue;
    for (int i = 1; i < reflection->FieldSize(payload, list); ++i) {
      const Message& before = reflection->GetRepeatedMessage(payload, list, i - 1);
      const Message& after = reflection->GetRepeatedMessage(payload, list, i);
      if (Rises(ChangeTime(before), ChangeTime(after))) continue;
      Reject(RejectReason::kHistoryOrder, nullptr,
             fmt::format("{}[{}].change_time", list->name(), i), "",
             fmt::format("entry {} is not later than the one before it", i));
      return;
    }
  }
}

RowMaker::Outcome RowMaker::Make(std::vector<std::string_view> cells, int64_t line,
                                 record::Record* record, std::vector<Rejection>* rejections) {
  cells_ = std::move(cells);
  rejections_ = rejections;
  AddJoins();
  AddLedgers(line);
  if (!Holds(block_.when, cells_)) {
    rejections->clear();
    return Outcome::kNothing;
  }
  for (const Skip& skip : block_.skips) {
    if (!Holds(skip.when, cells_)) continue;
    rejections->clear();
    rejections->push_back({.column = skip.when.front().column,
                           .value = Shown(cells_[static_cast<size_t>(skip.when.front().cell)]),
                           .reason = RejectReason::kSkipped,
                           .description = skip.reason});
    return Outcome::kRejected;
  }
  if (!rejections->empty()) return Outcome::kRejected;
  Message* payload = record->GetReflection()->MutableMessage(record, block_.kind->payload_field);
  std::string id;
  if (Evaluate(block_.id, "id", &id)) {
    if (id.empty()) {
      Reject(RejectReason::kMissingValue, &block_.id, "id", "", "the id is empty");
    } else if (!IsValidId(id)) {
      Reject(
          RejectReason::kBadCell, &block_.id, "id", id,
          fmt::format("an id is 1 to {} bytes of UTF-8 without control characters", kIdBytesMax));
    } else {
      payload->GetReflection()->SetString(payload, payload->GetDescriptor()->FindFieldByNumber(1),
                                          id);
    }
  }
  Fill(block_.fields, "", payload);
  FillAppends(payload);
  if (rejections->empty()) CheckHistories(*payload);
  return rejections->empty() ? Outcome::kMade : Outcome::kRejected;
}

}  // namespace gtm::importing
