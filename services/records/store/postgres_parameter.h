#pragma once
// Parameters in the binary format of PostgreSQL's protocol.

#include <endian.h>
#include <postgres_ext.h>

#include "services/records/store/sql_driver.h"

namespace gtm::records::store {

// Object ids of built-in types, part of the protocol.
inline constexpr Oid kInt8 = 20, kText = 25, kBytes = 17;
inline constexpr Oid kInt8Array = 1016, kTextArray = 1009, kBytesArray = 1001;

// A value or an array in the binary format of the protocol.
class Parameter {
 public:
  explicit Parameter(const Value& value) {
    if (const auto* number = std::get_if<int64_t>(&value)) {
      type_ = kInt8;
      Put64(*number);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      type_ = kText;
      borrowed_ = text->data() == nullptr ? std::string_view("") : *text;
    } else {
      type_ = kBytes;
      const std::string_view bytes = std::get<Bytes>(value).value;
      borrowed_ = bytes.data() == nullptr ? std::string_view("") : bytes;
    }
  }

  explicit Parameter(const Column& column) {
    if (const auto* numbers = std::get_if<IntColumn>(&column)) {
      PutArrayHead(kInt8, numbers->size());
      type_ = kInt8Array;
      for (const int64_t number : *numbers) {
        Put32(8);
        Put64(number);
      }
    } else if (const auto* texts = std::get_if<TextColumn>(&column)) {
      PutTexts(kText, *texts);
      type_ = kTextArray;
    } else {
      PutTexts(kBytes, std::get<BytesColumn>(column).values);
      type_ = kBytesArray;
    }
  }

  Oid type() const { return type_; }
  const char* data() const { return borrowed_.data() ? borrowed_.data() : owned_.data(); }
  int size() const { return static_cast<int>(borrowed_.data() ? borrowed_.size() : owned_.size()); }

 private:
  void Put32(int32_t number) {
    const uint32_t wire = htobe32(static_cast<uint32_t>(number));
    owned_.append(reinterpret_cast<const char*>(&wire), sizeof wire);
  }
  void Put64(int64_t number) {
    const uint64_t wire = htobe64(static_cast<uint64_t>(number));
    owned_.append(reinterpret_cast<const char*>(&wire), sizeof wire);
  }
  // One dimension, no nulls, from index 1.
  void PutArrayHead(Oid element, size_t size) {
    Put32(1);
    Put32(0);
    Put32(static_cast<int32_t>(element));
    Put32(static_cast<int32_t>(size));
    Put32(1);
  }
  void PutTexts(Oid element, const std::vector<std::string_view>& texts) {
    size_t size = 20;
    for (const std::string_view text : texts) size += 4 + text.size();
    owned_.reserve(size);
    PutArrayHead(element, texts.size());
    for (const std::string_view text : texts) {
      Put32(static_cast<int32_t>(text.size()));
      owned_.append(text);
    }
  }

  Oid type_ = 0;
  std::string owned_;
  std::string_view borrowed_;
};

}  // namespace gtm::records::store
