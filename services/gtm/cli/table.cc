#include "services/gtm/cli/table.h"

#include <algorithm>
#include <cassert>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

constexpr int kGap = 2;
constexpr int kElasticWidthMin = 8;

// Without the columns that are `hidden`.
Table Without(const Table& table, Shown hidden) {
  Table rest;
  for (const Column& column : table.columns) {
    if (column.shown != hidden) rest.columns.push_back(column);
  }
  for (const auto& row : table.rows) {
    assert(row.size() == table.columns.size());
    auto& kept = rest.rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) {
      if (table.columns[i].shown != hidden) kept.push_back(row[i]);
    }
  }
  return rest;
}

std::vector<int> ColumnWidths(const Table& table, int limit) {
  std::vector<int> widths;
  for (const Column& column : table.columns) widths.push_back(DisplayWidth(column.title));
  for (const auto& row : table.rows) {
    assert(row.size() == table.columns.size());
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(Printable(row[i].text)));
    }
  }
  if (limit == 0) return widths;
  int total = kGap * (static_cast<int>(widths.size()) - 1);
  for (const int width : widths) total += width;
  while (total > limit) {
    // The widest elastic column gives way, one column of the terminal at a time.
    int widest = -1;
    for (size_t i = 0; i < widths.size(); ++i) {
      if (!table.columns[i].elastic || widths[i] <= kElasticWidthMin) continue;
      if (widest < 0 || widths[i] > widths[static_cast<size_t>(widest)]) {
        widest = static_cast<int>(i);
      }
    }
    if (widest < 0) break;
    --widths[static_cast<size_t>(widest)];
    --total;
  }
  return widths;
}

void AppendCell(const std::string& text, int width, Align align, Tone tone, bool last, bool color,
                std::string* line) {
  const std::string shown = Fit(Printable(text), width);
  const std::string padding(static_cast<size_t>(std::max(0, width - DisplayWidth(shown))), ' ');
  if (align == Align::kRight) *line += padding;
  *line += Toned(shown, tone, color);
  if (align == Align::kLeft && !last) *line += padding;
}

bool IsPlainNumber(const std::string& text) {
  const size_t first = text[0] == '-' || text[0] == '+' ? 1 : 0;
  return first < text.size() && text.find_first_not_of("0123456789.", first) == std::string::npos;
}

}  // namespace

std::string Toned(const std::string& text, Tone tone, bool color) {
  if (!color || tone == Tone::kPlain || text.empty()) return text;
  const char* code = tone == Tone::kGood   ? "32"
                     : tone == Tone::kWarn ? "33"
                     : tone == Tone::kBad  ? "31"
                                           : "2";
  return std::string("\x1b[") + code + "m" + text + "\x1b[0m";
}

std::string RenderTable(const Table& whole, const TableStyle& style) {
  const Table table = Without(whole, Shown::kInCsv);
  const std::vector<int> widths = ColumnWidths(table, style.width);
  const size_t count = table.columns.size();
  std::string text;
  std::string line;
  const auto end_line = [&] {
    while (line.ends_with(' ')) line.pop_back();
    text += line + "\n";
    line.clear();
  };
  for (size_t i = 0; i < count; ++i) {
    if (i > 0) line.append(kGap, ' ');
    AppendCell(table.columns[i].title, widths[i], table.columns[i].align, Tone::kFaint,
               i + 1 == count, style.color, &line);
  }
  end_line();
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) line.append(kGap, ' ');
      AppendCell(row[i].text, widths[i], table.columns[i].align, row[i].tone, i + 1 == count,
                 style.color, &line);
    }
    end_line();
  }
  return text;
}

std::string CsvCell(const std::string& text) {
  if (text.empty()) return "";
  std::string cell = text;
  if (std::string("=+-@\t\r").find(cell[0]) != std::string::npos && !IsPlainNumber(cell)) {
    cell.insert(0, "'");
  }
  if (cell.find_first_of(",\"\r\n") == std::string::npos && cell.front() != ' ' &&
      cell.back() != ' ') {
    return cell;
  }
  std::string quoted = "\"";
  for (const char c : cell) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  return quoted + "\"";
}

std::string RenderCsv(const Table& whole) {
  const Table table = Without(whole, Shown::kInTables);
  std::string text;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    text += (i == 0 ? "" : ",") + CsvCell(table.columns[i].name);
  }
  text += "\n";
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) text += (i == 0 ? "" : ",") + CsvCell(row[i].csv());
    text += "\n";
  }
  return text;
}

}  // namespace gtm::cli
