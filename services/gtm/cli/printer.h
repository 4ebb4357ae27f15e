#pragma once
// Writes an answer in the form that the caller asked for.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "services/gtm/cli/console.h"
#include "services/gtm/cli/table.h"

namespace gtm::cli {

enum class OutputFormat { kTable, kJson, kCsv };

// The message as JSON: the names of the proto, fields by number, maps by key, one space
// after colons; the same message always gives the same text. Without `indented` on one
// line. Ends without a newline.
std::string JsonText(const google::protobuf::Message& message, bool indented);

class Printer {
 public:
  Printer(const Console& console, OutputFormat format) : console_(console), format_(format) {}

  OutputFormat format() const { return format_; }
  bool is_table() const { return format_ == OutputFormat::kTable; }
  // The whole answer, where JSON was asked for. True where it printed.
  bool Json(const google::protobuf::Message& answer);
  // The same on one line: for answers that follow each other.
  bool JsonLine(const google::protobuf::Message& answer);
  // The main table of an answer: a table or CSV.
  void Main(const Table& table);
  // Rows of a stream in CSV, with the head before the first; true where it printed.
  bool CsvRows(const Table& table, bool with_head);
  // A further table, a heading or a remark: for people only.
  void Extra(const Table& table);
  void Heading(std::string_view text);
  void Line(std::string_view text);
  // Words after a lead, broken to the width of the terminal (100 columns in a pipe) and
  // indented under it.
  void Paragraph(std::string_view lead, std::string_view text);
  void Blank();

  const Console& console() const { return console_; }
  // Columns for a chart beside text of `taken` columns.
  int ChartWidth(int taken) const;

 private:
  Console console_;
  OutputFormat format_;
};

}  // namespace gtm::cli
