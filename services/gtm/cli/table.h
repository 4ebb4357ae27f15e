#pragma once
// Tables for people and CSV for programs, from the same rows.

#include <string>
#include <vector>

namespace gtm::cli {

// What a cell means; shown as color where there is color.
enum class Tone { kPlain, kGood, kWarn, kBad, kFaint };

struct Cell {
  Cell(std::string text, Tone tone = Tone::kPlain)  // NOLINT: rows are written as lists
      : text(std::move(text)), tone(tone) {}
  Cell(const char* text) : text(text) {}  // NOLINT
  // `raw` is what CSV gets: "1234.5" for "1,234.5 USD".
  Cell(std::string text, std::string raw, Tone tone = Tone::kPlain)
      : text(std::move(text)), raw(std::move(raw)), has_raw(true), tone(tone) {}
  const std::string& csv() const { return has_raw ? raw : text; }

  std::string text;
  std::string raw;
  bool has_raw = false;
  Tone tone = Tone::kPlain;
};

enum class Align { kLeft, kRight };

// A range is one column for people and two numbers for programs.
enum class Shown { kEverywhere, kInTables, kInCsv };

struct Column {
  std::string title;  // shown
  std::string name;   // CSV header: snake_case
  Align align = Align::kLeft;
  bool elastic = false;  // gives way first on a narrow terminal
  Shown shown = Shown::kEverywhere;
};

struct Table {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;  // each as long as columns
};

struct TableStyle {
  int width = 0;  // most columns of the terminal; 0: no limit
  bool color = false;
};

// Columns two spaces apart under their titles; numbers to the right. Ends with a newline.
std::string RenderTable(const Table& table, const TableStyle& style);
// RFC 4180 with a header line, LF line ends. A cell that a spreadsheet would run as a
// formula gets a leading apostrophe, except plain numbers.
std::string RenderCsv(const Table& table);
// One cell, quoted where it must be.
std::string CsvCell(const std::string& text);
// Text in the color of a tone.
std::string Toned(const std::string& text, Tone tone, bool color);

}  // namespace gtm::cli
