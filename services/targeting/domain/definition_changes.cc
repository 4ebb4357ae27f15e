#include "services/targeting/domain/definition_changes.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <algorithm>

#include "fmt/format.h"
#include "services/targeting/domain/lifecycle.h"

namespace gtm::targeting::domain {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using Path = std::vector<MessageDifferencer::SpecificField>;

// The value of a field, or of one of its items, on one line.
std::string TextOf(const Message& parent, const FieldDescriptor* field, int index) {
  google::protobuf::TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  printer.SetUseUtf8StringEscaping(true);
  std::string text;
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field->is_repeated()) {
    return parent.GetReflection()->GetString(parent, field);
  }
  printer.PrintFieldValueToString(parent, field, field->is_repeated() ? index : -1, &text);
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// What tells an item of a list from the others: "[employees]".
std::string KeyOf(const Message& item) {
  const auto* descriptor = item.GetDescriptor();
  for (const char* name : {"id", "name", "role", "type", "value"}) {
    const FieldDescriptor* key = descriptor->FindFieldByName(name);
    if (key != nullptr) return '[' + TextOf(item, key, -1) + ']';
  }
  return "";
}

// Paths begin at the two whole messages; what reports are handed is nearer to the field.
class Collector final : public MessageDifferencer::Reporter {
 public:
  Collector(const Message& older, const Message& newer) : older_(older), newer_(newer) {}
  void ReportAdded(const Message&, const Message&, const Path& path) override {
    Report(ChangeKind::kAdded, path);
  }
  void ReportDeleted(const Message&, const Message&, const Path& path) override {
    Report(ChangeKind::kRemoved, path);
  }
  void ReportModified(const Message&, const Message&, const Path& path) override {
    Report(ChangeKind::kChanged, path);
  }
  std::vector<DefinitionChange> Take() { return std::move(changes_); }

 private:
  // Follows a path in one of the messages; the last step's value as text.
  static std::string Follow(const Message& root, const Path& path, bool is_newer,
                            std::string* field) {
    const Message* at = &root;
    field->clear();
    for (size_t i = 0; i < path.size(); ++i) {
      const FieldDescriptor* step = path[i].field;
      const int index = is_newer ? path[i].new_index : path[i].index;
      if (!field->empty()) *field += '.';
      *field += step->name();
      const bool is_message = step->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
      if (step->is_repeated() && !is_message) *field += fmt::format("[{}]", index);
      if (step->is_repeated() && is_message) {
        const Message& item = at->GetReflection()->GetRepeatedMessage(*at, step, index);
        const std::string key = KeyOf(item);
        *field += key.empty() ? fmt::format("[{}]", index) : key;
      }
      if (i + 1 == path.size()) return TextOf(*at, step, index);
      at = step->is_repeated() ? &at->GetReflection()->GetRepeatedMessage(*at, step, index)
                               : &at->GetReflection()->GetMessage(*at, step);
    }
    return "";
  }

  void Report(ChangeKind kind, const Path& path) {
    const FieldDescriptor* field = path.back().field;
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    // Of an item that changed, its fields are reported themselves.
    if (kind == ChangeKind::kChanged && is_message) return;
    if (changes_.size() >= kDefinitionChangesMax) return;
    DefinitionChange change{kind, "", "", ""};
    if (kind != ChangeKind::kAdded) change.before = Follow(older_, path, false, &change.field);
    if (kind != ChangeKind::kRemoved) change.after = Follow(newer_, path, true, &change.field);
    changes_.push_back(std::move(change));
  }

  const Message& older_;
  const Message& newer_;
  std::vector<DefinitionChange> changes_;
};

}  // namespace

std::vector<DefinitionChange> ChangesBetween(const v1::TargetDefinition& older,
                                             const v1::TargetDefinition& newer) {
  // Only what people sign.
  v1::TargetDefinition before = older, after = newer;
  for (v1::TargetDefinition* one : {&before, &after}) {
    ClearOutputOnly(one);
    one->clear_id();
    one->clear_change_reason();
    one->clear_previous_definition_id();
  }
  MessageDifferencer differencer;
  const auto match = [&](const google::protobuf::Descriptor* parent, const char* list,
                         const char* key) {
    const FieldDescriptor* field = parent->FindFieldByName(list);
    differencer.TreatAsMap(field, field->message_type()->FindFieldByName(key));
  };
  const auto* definition = v1::TargetDefinition::descriptor();
  for (const char* list : {"account_criteria", "person_criteria", "engagement_criteria"}) {
    match(definition, list, "id");
  }
  match(definition, "terms", "name");
  match(definition, "buying_role_weights", "role");
  match(v1::TargetDefinition::EngagementRule::descriptor(), "touch_points", "type");
  match(type::v1::Criterion::Choices::descriptor(), "choices", "value");
  Collector collector(before, after);
  differencer.ReportDifferencesTo(&collector);
  differencer.Compare(before, after);
  return collector.Take();
}

}  // namespace gtm::targeting::domain
