#pragma once
// Reads CSV files row by row: RFC 4180 and what real exports do to it.

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

namespace gtm::importing {

// How a file is written.
struct CsvFormat {
  char separator = ',';
  // Cells are ISO 8859-1 and not UTF-8.
  bool latin1 = false;
};

// One row. Reused from call to call, so that reading does not allocate.
struct CsvRow {
  std::vector<std::string> cells;
  int64_t line = 0;  // line on which the row begins, from 1
};

// Longest cell in bytes, and most cells of a row. A quote that is never closed must
// not swallow the memory of the machine.
inline constexpr size_t kCellBytesMax = 1024 * 1024;
inline constexpr size_t kRowCellsMax = 4096;

// A forward reader in bounded memory. Accepts quoted cells with separators, quotes ("")
// and line ends inside, a byte order mark, and LF, CRLF or CR line ends; passes over blank
// lines. Not thread-safe. The stream must outlive the reader.
class CsvReader {
 public:
  enum class Outcome {
    kRow,        // `row` holds the next row
    kMalformed,  // the row at row->line is damaged, as `problem` says; the next one follows
    kEnd,
  };

  CsvReader(std::istream& in, const CsvFormat& format);
  Outcome Next(CsvRow* row, std::string* problem);
  int64_t bytes_read() const { return bytes_read_; }

 private:
  static constexpr int kEof = -1;
  int Peek();
  int Take();
  void SkipByteOrderMark();
  bool TakeLineEnd();
  bool ReadCell(std::string* cell, std::string* problem);
  bool ReadQuoted(std::string* cell, std::string* problem);
  bool Append(std::string* cell, int byte, std::string* problem);
  void SkipLine();

  std::istream& in_;
  CsvFormat format_;
  std::vector<char> buffer_;
  size_t position_ = 0;
  size_t filled_ = 0;
  int64_t line_ = 1;
  int64_t bytes_read_ = 0;
  bool utf16_ = false;
};

}  // namespace gtm::importing
