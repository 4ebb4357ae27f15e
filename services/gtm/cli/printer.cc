#include "services/gtm/cli/printer.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/type_resolver.h>
#include <google/protobuf/util/type_resolver_util.h>

#include <algorithm>
#include <ostream>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

constexpr int kChartWidth = 48;
constexpr int kChartWidthMin = 10;
constexpr int kPipeWidth = 100;
constexpr int kParagraphMin = 40;

google::protobuf::util::TypeResolver* Resolver() {
  static auto* resolver = google::protobuf::util::NewTypeResolverForDescriptorPool(
      "type.googleapis.com", google::protobuf::DescriptorPool::generated_pool());
  return resolver;
}

}  // namespace

std::string JsonText(const google::protobuf::Message& message, bool indented) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.add_whitespace = indented;
  std::string json;
  const auto status = google::protobuf::util::BinaryToJsonString(
      Resolver(), "type.googleapis.com/" + message.GetDescriptor()->full_name(), bytes, &json,
      options);
  if (!status.ok()) return "{}";
  while (json.ends_with('\n')) json.pop_back();
  return json;
}

bool Printer::Json(const google::protobuf::Message& answer) {
  if (format_ != OutputFormat::kJson) return false;
  *console_.out << JsonText(answer, true) << "\n";
  return true;
}

bool Printer::JsonLine(const google::protobuf::Message& answer) {
  if (format_ != OutputFormat::kJson) return false;
  *console_.out << JsonText(answer, false) << "\n";
  return true;
}

bool Printer::CsvRows(const Table& table, bool with_head) {
  if (format_ != OutputFormat::kCsv) return false;
  const std::string text = RenderCsv(table);
  const size_t head = text.find('\n') + 1;
  *console_.out << (with_head ? text : text.substr(head));
  return true;
}

void Printer::Main(const Table& table) {
  if (format_ == OutputFormat::kCsv) {
    *console_.out << RenderCsv(table);
  } else if (format_ == OutputFormat::kTable) {
    *console_.out << RenderTable(table, {.width = console_.width, .color = console_.color});
  }
}

void Printer::Extra(const Table& table) {
  if (is_table()) Main(table);
}

void Printer::Heading(std::string_view text) {
  if (!is_table()) return;
  *console_.out << (console_.color ? "\x1b[1m" : "") << text << (console_.color ? "\x1b[0m" : "")
                << "\n";
}

void Printer::Line(std::string_view text) {
  if (is_table()) *console_.out << text << "\n";
}

void Printer::Paragraph(std::string_view lead, std::string_view text) {
  if (!is_table()) return;
  const int width = console_.width == 0 ? kPipeWidth : std::max(console_.width, kParagraphMin);
  const std::string clean = Printable(text);
  const std::string indent(static_cast<size_t>(std::min(DisplayWidth(lead), width / 2)), ' ');
  std::string line(lead);
  int used = DisplayWidth(lead);
  bool fresh = true;  // nothing but the lead or the indent stands in the line
  for (size_t at = 0; at < clean.size();) {
    const size_t end = std::min(clean.find(' ', at), clean.size());
    const std::string word = clean.substr(at, end - at);
    at = end + 1;
    if (word.empty()) continue;
    if (!fresh && used + 1 + DisplayWidth(word) > width) {
      *console_.out << line << "\n";
      line = indent;
      used = static_cast<int>(indent.size());
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    used += DisplayWidth(word) + (fresh ? 0 : 1);
    fresh = false;
  }
  *console_.out << line << "\n";
}

void Printer::Blank() {
  if (is_table()) *console_.out << "\n";
}

int Printer::ChartWidth(int taken) const {
  if (console_.width == 0) return kChartWidth;
  return std::clamp(console_.width - taken, kChartWidthMin, kChartWidth);
}

}  // namespace gtm::cli
