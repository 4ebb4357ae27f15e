#pragma once
// Errors as a person wants to read them: what happened, then what to do.

#include <string>

#include "common/core/error.h"

namespace gtm::cli {

// Several lines, ending with a newline:
//   gtm: 2 fields are invalid (INVALID_FIELDS)
//     account.id: must be 1 to 128 bytes
//   try: ...
std::string ErrorText(const Error& error, bool color);

}  // namespace gtm::cli
