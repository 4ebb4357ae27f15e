#pragma once
// From the text of a cell to the field of a message.

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "services/gtm/import/field_path.h"
#include "services/gtm/import/mapping.h"

namespace gtm::importing {

// Why a cell could not be used; empty where it could.
using Problem = std::string;

// Fills the field at `path` from text that is not empty. `currency` is an ISO 4217 code
// where the field is money.
Problem FillField(const FieldPath& path, std::string_view text, const CellFormat& format,
                  std::string_view currency, google::protobuf::Message* message);

// An instant from text; a date is the first instant of its day in format.time_zone.
// Besides strptime formats: "unix", "unix_ms" and "excel" (days since 1899-12-30).
bool ParseTime(std::string_view text, const CellFormat& format, absl::Time* time);

// A number in micros, after strip and scale.
Problem ParseNumber(std::string_view text, const CellFormat& format, int64_t* micros);

}  // namespace gtm::importing
