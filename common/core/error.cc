#include "common/core/error.h"

namespace gtm {

Error InvalidFields(std::vector<FieldViolation> violations) {
  constexpr size_t kShown = 10;
  std::string message = violations.size() == 1
                            ? "1 field is invalid: "
                            : std::to_string(violations.size()) + " fields are invalid: ";
  for (size_t i = 0; i < violations.size() && i < kShown; ++i) {
    if (i > 0) message += "; ";
    message += violations[i].field + ": " + violations[i].description;
  }
  if (violations.size() > kShown) message += "; ...";
  Error error(Reason::INVALID_FIELDS, std::move(message));
  error.WithViolations(std::move(violations));
  return error;
}

Error InvalidField(std::string field, std::string description) {
  return InvalidFields({{std::move(field), std::move(description)}});
}

}  // namespace gtm
