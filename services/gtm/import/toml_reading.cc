#include "services/gtm/import/toml_reading.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/import/field_path.h"

namespace gtm::importing {

void Mistakes::Add(int line, std::string description) {
  violations_.push_back({fmt::format("{}:{}", file_, line), std::move(description)});
}

void CheckKeys(const toml::table& table, std::initializer_list<std::string_view> known,
               Mistakes* mistakes) {
  for (const auto& [key, node] : table) {
    if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
    const std::vector<std::string> names(known.begin(), known.end());
    mistakes->Add(static_cast<int>(key.source().begin.line),
                  fmt::format("unknown key \"{}\"{}", key.str(), DidYouMean(key.str(), names)));
  }
}

void Read(const toml::table& table, std::string_view key, std::string* out, Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  if (const auto text = node->value_exact<std::string>()) {
    *out = *text;
  } else {
    mistakes->Add(*node, fmt::format("{} must be text in quotes", key));
  }
}

void Read(const toml::table& table, std::string_view key, bool* out, Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  if (const auto flag = node->value_exact<bool>()) {
    *out = *flag;
  } else {
    mistakes->Add(*node, fmt::format("{} must be true or false", key));
  }
}

void Read(const toml::table& table, std::string_view key, char* out, Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  const auto text = node->value_exact<std::string>();
  if (text && text->size() <= 1) {
    *out = text->empty() ? '\0' : text->front();
  } else {
    mistakes->Add(*node, fmt::format("{} must be one character in quotes", key));
  }
}

void Read(const toml::table& table, std::string_view key, std::vector<std::string>* out,
          Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return;
  if (const auto text = node->value_exact<std::string>()) {
    *out = {*text};
    return;
  }
  const toml::array* list = node->as_array();
  std::vector<std::string> words;
  if (list != nullptr) {
    for (const toml::node& item : *list) {
      const auto text = item.value_exact<std::string>();
      if (!text) break;
      words.push_back(*text);
    }
  }
  if (list == nullptr || words.size() != list->size()) {
    mistakes->Add(*node, fmt::format("{} must be text, or a list of text: [\"a\", \"b\"]", key));
    return;
  }
  *out = std::move(words);
}

const toml::table* ReadTable(const toml::table& table, std::string_view key, Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) mistakes->Add(*node, fmt::format("{} must be a table: [{}]", key, key));
  return node->as_table();
}

std::vector<const toml::table*> ReadTables(const toml::table& table, std::string_view key,
                                           Mistakes* mistakes) {
  const toml::node* node = table.get(key);
  std::vector<const toml::table*> tables;
  if (node == nullptr) return tables;
  if (node->is_table()) return {node->as_table()};
  const toml::array* list = node->as_array();
  if (list == nullptr) {
    mistakes->Add(*node, fmt::format("{} must be a table or a list of tables", key));
    return tables;
  }
  for (const toml::node& item : *list) {
    if (item.is_table()) {
      tables.push_back(item.as_table());
    } else {
      mistakes->Add(item, fmt::format("{} must hold tables only", key));
    }
  }
  return tables;
}

}  // namespace gtm::importing
