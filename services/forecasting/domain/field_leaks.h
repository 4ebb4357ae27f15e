#pragma once
// Fields that give the outcome away: filled in at or after closing, so that a blank says
// "still open" or "lost". Such a field must not be learned from, and what is told about
// open deals by it is incomplete.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gtm::forecasting::domain {

// Fields of an opportunity that questions select or group by and that have no history:
// what is recorded now is all that is known of them.
enum class LeakField : uint8_t { kAccount, kOwner, kSegment, kProduct, kSource };
inline constexpr int kLeakFieldCount = 5;
// "account_id", as in gtm.crm.v1.Opportunity.
std::string_view NameOf(LeakField field);

// How often a field is blank, by state of the opportunities at the instant.
struct FieldBlanks {
  int64_t open = 0;
  int64_t won = 0;
  int64_t lost = 0;
};
struct BlankCounts {
  FieldBlanks all;  // opportunities of each state, blank or not
  std::array<FieldBlanks, kLeakFieldCount> blank{};
};

struct FieldLeak {
  LeakField field = LeakField::kAccount;
  // Blank on open against closed deals, else on lost against won ones.
  bool by_closing = true;
  int64_t blank_count = 0;         // among the open (or lost)
  int64_t count = 0;               // open (or lost) in all
  int64_t closed_blank_count = 0;  // among the closed (or won)
  double closed_share = 0;         // blank among the closed (or won), 0 to 1
  double gap_at_least = 0;         // lower end of the interval of the difference of shares
  std::string Message() const;
};

// Fewer of either side say nothing, and a difference is only a leak where it is surely at
// least so large. The interval is Newcombe's of two independent shares (method 10, 1998),
// from Wilson's at 99.9 %: ten looks, one in a hundred false alarms at most.
inline constexpr int64_t kLeakCountMin = 30;
inline constexpr double kLeakGapMin = 0.15;
inline constexpr double kLeakConfidence = 0.999;

// By field; at most one a field, closing first.
std::vector<FieldLeak> FindLeaks(const BlankCounts& counts);

}  // namespace gtm::forecasting::domain
