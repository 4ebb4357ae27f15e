#pragma once
// The one error type. Values, not exceptions: exceptions are for programmer bugs.

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/core/error_reason.h"

namespace gtm {

// One field of a request or record and what is wrong with it.
struct FieldViolation {
  std::string field;        // path: "record.account.employee_count"
  std::string description;  // what is wrong and what to do about it
  friend bool operator==(const FieldViolation&, const FieldViolation&) = default;
};

// Why something failed: a reason that a program switches on, a message for a
// person that says what to do, and the values involved. Copyable, not shared
// between threads without care.
class Error {
 public:
  Error(Reason reason, std::string message) : reason_(reason), message_(std::move(message)) {}

  Reason reason() const { return reason_; }
  Code code() const { return CodeOf(reason_); }
  const std::string& message() const { return message_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const std::vector<FieldViolation>& violations() const { return violations_; }
  // 0 where a retry after a delay is not what helps.
  int retry_after_ms() const { return retry_after_ms_; }

  Error& With(std::string key, std::string value) {
    metadata_[std::move(key)] = std::move(value);
    return *this;
  }
  Error& RetryAfterMs(int delay_ms) {
    retry_after_ms_ = delay_ms;
    return *this;
  }
  Error& WithViolations(std::vector<FieldViolation> violations) {
    violations_ = std::move(violations);
    return *this;
  }

 private:
  Reason reason_;
  std::string message_;
  std::map<std::string, std::string> metadata_;
  std::vector<FieldViolation> violations_;
  int retry_after_ms_ = 0;
};

// INVALID_FIELDS with a message that names every violation (the first ten).
Error InvalidFields(std::vector<FieldViolation> violations);
// INVALID_FIELDS for one field.
Error InvalidField(std::string field, std::string description);

}  // namespace gtm
