#pragma once
// Names of people who do not exist.

#include <string>

#include "common/core/random.h"

namespace gtm::demo {

std::string PersonName(Random& random);

}  // namespace gtm::demo
