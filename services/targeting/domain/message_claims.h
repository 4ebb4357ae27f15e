#pragma once
// The numbers that a text claims, so that two texts can be held against each other (BE-09). Pure
// text; for English.

#include <string>
#include <string_view>
#include <vector>

namespace gtm::targeting::domain {

struct NumberClaim {
  std::string number;    // in one form: "40 percent" is "40%", "$2.5m" is "$2500000"
  std::string excerpt;   // as in the text
  bool is_bare = false;  // without a currency, percent or times: "15 minutes", "10,000 users"
};

// Numbers in digits, in their order, with their currency (dollar, euro, pound sign), scale
// (thousand, k, million, m, billion, bn) and kind (percent, x for times); both ends of a range
// ("5-10%"). Not what is a name or a place in time: digits within a word or link ("SOC2",
// "example.com/12"), times ("10:30", "9 am"), dates ("May 12", "2026-11-29", "12/5"), years,
// ordinals ("1st"). Typographic spaces, dashes and quotes are as good as plain ones.
std::vector<NumberClaim> NumberClaimsOf(std::string_view text);

}  // namespace gtm::targeting::domain
