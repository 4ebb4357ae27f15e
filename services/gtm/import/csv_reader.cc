#include "services/gtm/import/csv_reader.h"

#include <fmt/format.h>

namespace gtm::importing {
namespace {

constexpr size_t kBufferBytes = 64 * 1024;

}  // namespace

CsvReader::CsvReader(std::istream& in, const CsvFormat& format)
    : in_(in), format_(format), buffer_(kBufferBytes) {
  SkipByteOrderMark();
}

int CsvReader::Peek() {
  if (position_ == filled_) {
    in_.read(buffer_.data(), static_cast<std::streamsize>(buffer_.size()));
    filled_ = static_cast<size_t>(in_.gcount());
    position_ = 0;
    if (filled_ == 0) return kEof;
  }
  return static_cast<unsigned char>(buffer_[position_]);
}

int CsvReader::Take() {
  const int byte = Peek();
  if (byte == kEof) return kEof;
  ++position_;
  ++bytes_read_;
  if (byte == '\n') ++line_;
  return byte;
}

void CsvReader::SkipByteOrderMark() {
  if (Peek() == kEof || filled_ < 2) return;
  const auto byte = [this](size_t i) { return static_cast<unsigned char>(buffer_[i]); };
  utf16_ = (byte(0) == 0xFE && byte(1) == 0xFF) || (byte(0) == 0xFF && byte(1) == 0xFE);
  if (filled_ >= 3 && byte(0) == 0xEF && byte(1) == 0xBB && byte(2) == 0xBF) {
    position_ += 3;
    bytes_read_ += 3;
  }
}

// Takes LF, CRLF or CR where one is next.
bool CsvReader::TakeLineEnd() {
  if (Peek() == '\r') {
    Take();
    if (Peek() == '\n') {
      Take();
    } else {
      ++line_;
    }
    return true;
  }
  if (Peek() == '\n') {
    Take();
    return true;
  }
  return false;
}

void CsvReader::SkipLine() {
  while (Peek() != kEof && !TakeLineEnd()) Take();
}

bool CsvReader::Append(std::string* cell, int byte, std::string* problem) {
  if (cell->size() >= kCellBytesMax) {
    *problem = "a cell is longer than 1 MiB; is a quote missing?";
    return false;
  }
  if (format_.latin1 && byte >= 0x80) {
    cell->push_back(static_cast<char>(0xC0 | (byte >> 6)));
    cell->push_back(static_cast<char>(0x80 | (byte & 0x3F)));
  } else {
    cell->push_back(static_cast<char>(byte));
  }
  return true;
}

bool CsvReader::ReadQuoted(std::string* cell, std::string* problem) {
  const int64_t opened = line_;
  Take();  // the opening quote
  while (true) {
    const int byte = Take();
    if (byte == kEof) {
      *problem = fmt::format("the quote that opens in line {} is never closed", opened);
      return false;
    }
    if (byte == '"') {
      if (Peek() != '"') break;
      Take();
    }
    if (!Append(cell, byte, problem)) {
      *problem = fmt::format("the quote that opens in line {} is not closed within 1 MiB", opened);
      return false;
    }
  }
  const int next = Peek();
  if (next == kEof || next == '\r' || next == '\n' || next == format_.separator) return true;
  *problem = "text follows a closing quote; write a quote inside a quoted cell twice (\"\")";
  return false;
}

bool CsvReader::ReadCell(std::string* cell, std::string* problem) {
  cell->clear();
  if (Peek() == '"') return ReadQuoted(cell, problem);
  while (true) {
    const int byte = Peek();
    if (byte == kEof || byte == '\r' || byte == '\n' || byte == format_.separator) return true;
    if (byte == '"') {
      *problem = "a quote in the middle of a cell; put the whole cell in quotes and double it";
      return false;
    }
    Take();
    if (!Append(cell, byte, problem)) return false;
  }
}

CsvReader::Outcome CsvReader::Next(CsvRow* row, std::string* problem) {
  while (Peek() != kEof && TakeLineEnd()) {
  }
  row->line = line_;
  if (Peek() == kEof) return Outcome::kEnd;
  if (utf16_) {
    *problem = "the file is UTF-16; save it as UTF-8";
    while (Take() != kEof) {
    }
    return Outcome::kMalformed;
  }
  size_t count = 0;
  while (true) {
    if (row->cells.size() <= count) row->cells.emplace_back();
    if (count >= kRowCellsMax) {
      *problem = fmt::format("the row has more than {} cells", kRowCellsMax);
      SkipLine();
      return Outcome::kMalformed;
    }
    if (!ReadCell(&row->cells[count], problem)) {
      SkipLine();
      return Outcome::kMalformed;
    }
    ++count;
    if (Peek() == format_.separator) {
      Take();
      continue;
    }
    TakeLineEnd();
    row->cells.resize(count);
    return Outcome::kRow;
  }
}

}  // namespace gtm::importing
