#include "services/gtm/demo/names.h"

#include <fmt/format.h>

#include <array>

namespace gtm::demo {
namespace {

constexpr std::array<const char*, 12> kGivenNames = {"Ada",   "Bela",  "Chidi", "Dana",
                                                     "Emeka", "Farah", "Goran", "Hana",
                                                     "Imani", "Jonas", "Keiko", "Luca"};
constexpr std::array<const char*, 12> kFamilyNames = {"Abara",  "Brandt", "Castell", "Duarte",
                                                      "Eklund", "Fontan", "Grieg",   "Hollis",
                                                      "Ito",    "Jansen", "Kovac",   "Lindqvist"};
}  // namespace

std::string PersonName(Random& random) {
  return fmt::format("{} {}", kGivenNames[random.Below(kGivenNames.size())],
                     kFamilyNames[random.Below(kFamilyNames.size())]);
}

}  // namespace gtm::demo
