#pragma once
// What a Book knows about one thing, as plain values. Views into the Book: valid as
// long as the BookView that they came from. Absent means unknown, never zero.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/core/money.h"

namespace gtm::book {

// Position of a thing in its table. Rows are given in order of arrival and never
// reused; a deleted row stays and is skipped. Ids are looked up once, at the edge.
enum class AccountRow : uint32_t {};
enum class ContactRow : uint32_t {};
enum class OpportunityRow : uint32_t {};
enum class VisitorRow : uint32_t {};
inline constexpr uint32_t kNoRow = UINT32_MAX;
template <class Row>
constexpr bool IsRow(Row row) {
  return static_cast<uint32_t>(row) != kNoRow;
}

// What a stage means; numbers as in gtm.crm.v1.Stage.Role. A stage id that the
// settings do not know is kOpen, and counted by BookView::unknown_stage_count.
enum class StageRole : uint8_t { kStageZero = 1, kOpen = 2, kContract = 3, kWon = 4, kLost = 5 };

struct AccountFacts {
  std::string_view id;
  std::string_view display_name;
  std::string_view industry;
  std::string_view country;
  std::string_view region;
  std::string_view segment;
  std::string_view source;
  std::string_view parent_account_id;
  std::string_view owner_seller_id;
  std::optional<int64_t> employee_count;
  std::optional<Money> annual_revenue;
  std::optional<int32_t> revenue_growth_bps;
  std::optional<int32_t> founded_year;
  std::optional<Money> potential_lifetime_value;
  std::optional<int32_t> market_influence;  // 0 to 100
  std::optional<int32_t> growth_capacity;   // 0 to 100
  std::optional<absl::CivilDay> leadership_change_day;
  std::optional<absl::CivilDay> first_seen_day;
  std::span<const std::string_view> technologies;
  bool technologies_known = false;
  // Tenant's own attributes, sorted by key.
  std::span<const std::pair<std::string_view, std::string_view>> custom_labels;
  std::span<const std::pair<std::string_view, double>> custom_numbers;
};

// Numbers as in gtm.crm.v1.BuyingRole; 0 is unknown.
using BuyingRole = uint8_t;

struct ContactFacts {
  std::string_view id;
  AccountRow account{kNoRow};  // kNoRow also where the account is not recorded yet
  std::string_view account_id;
  std::string_view display_name;
  std::string_view job_title;
  std::string_view job_function;
  std::string_view region;
  std::string_view personality;
  std::string_view preferred_channel;
  std::string_view nominated_by_function;
  std::optional<int32_t> seniority;         // 1 to 5
  std::optional<int32_t> market_influence;  // 0 to 100
  std::optional<int32_t> commitment;        // 0 to 100
  BuyingRole buying_role = 0;
  bool sponsorship_candidate = false;
  std::span<const std::string_view> interests;
  std::span<const std::pair<std::string_view, std::string_view>> custom_labels;
  std::span<const std::pair<std::string_view, double>> custom_numbers;
};

struct StageChange {
  absl::Time time;
  std::string_view stage_id;
  StageRole role;
  int32_t position;  // of the stage in the process, from 0
};
struct AmountChange {
  absl::Time time;
  Money amount;
};
struct CloseDateChange {
  absl::Time time;
  absl::CivilDay day;
};
struct BuyingGroupMember {
  ContactRow contact{kNoRow};  // not live where the contact is not recorded
  BuyingRole role = 0;
  absl::Time since = absl::InfinitePast();
};

struct OpportunityFacts {
  std::string_view id;
  AccountRow account{kNoRow};
  std::string_view account_id;
  std::string_view display_name;
  std::string_view owner_seller_id;
  std::string_view product;
  std::string_view segment;  // the opportunity's own; empty where only the account has one
  std::string_view source;
  std::string_view campaign_id;
  std::string_view loss_reason;
  std::string_view competitor;
  uint8_t type = 0;  // gtm.crm.v1.Opportunity.Type
  std::optional<bool> self_sourced;
  std::optional<bool> buyer_states_value;
  bool urgency_answered = false;  // why now was asked and answered (UR-09)
  std::optional<bool> has_budget, has_authority, has_confidence, has_consensus, has_urgent_need;
  std::optional<int32_t> term_months;
  std::optional<int32_t> discount_bps;
  // When the platform first heard of it (create_time), to the second: what the histories say
  // of earlier days was told afterwards. Not part of what was recorded, so not in ContentHash.
  std::optional<absl::Time> first_recorded_time;
  // Histories by rising time. stage_changes is never empty.
  std::span<const StageChange> stage_changes;
  std::span<const AmountChange> amount_changes;
  std::span<const CloseDateChange> close_date_changes;
  std::span<const BuyingGroupMember> buying_group;
};

// Unix seconds in 32 bits, used like an int64_t. From 1970 to 2106; instants outside
// count as the nearest end.
class UnixSeconds {
 public:
  constexpr UnixSeconds(int64_t seconds = 0)  // NOLINT: by design
      : seconds_(seconds < 0            ? 0
                 : seconds > UINT32_MAX ? UINT32_MAX
                                        : static_cast<uint32_t>(seconds)) {}
  constexpr operator int64_t() const { return seconds_; }  // NOLINT: by design

 private:
  uint32_t seconds_;
};

// What else a touch names: symbols of BookView::text, kNoRow where it does not say.
struct TouchDetails {
  uint32_t campaign = kNoRow;
  uint32_t content = kNoRow;      // content, tool or event concerned
  uint32_t participant = kNoRow;  // one of ours who took part
  uint32_t channel = kNoRow;
  friend bool operator==(const TouchDetails&, const TouchDetails&) = default;
};

// One touch, compact. Numbers as in gtm.crm.v1.Engagement. A contact or opportunity
// that is named but not recorded (not yet, or no longer) has a row that is not live.
struct EngagementEvent {
  UnixSeconds time_s;
  uint8_t type = 0;
  uint8_t direction = 0;
  uint16_t count = 1;  // saturates at 65,535
  ContactRow contact{kNoRow};
  uint32_t details = kNoRow;  // number of its TouchDetails: BookView::details
  OpportunityRow opportunity{kNoRow};
  absl::Time time() const { return absl::FromUnixSeconds(time_s); }
};

// ---- As-of reading: the last entry at or before `as_of` --------------------------

// Null before the first entry: the opportunity did not exist yet.
const StageChange* StageAt(const OpportunityFacts& opportunity, absl::Time as_of);
const AmountChange* AmountAt(const OpportunityFacts& opportunity, absl::Time as_of);
const CloseDateChange* CloseDateAt(const OpportunityFacts& opportunity, absl::Time as_of);
// In pipeline at `as_of`: exists, and its role is kOpen or kContract (TG-17).
bool InPipelineAt(const OpportunityFacts& opportunity, absl::Time as_of);
// The first time that it was in pipeline (became an SQO, TG-19) at or before `as_of`.
// A deal that went straight from Stage 0 to won counts from the winning.
std::optional<absl::Time> QualifiedTime(const OpportunityFacts& opportunity, absl::Time as_of);
// When it was won (or lost), where that is its state at `as_of`.
std::optional<absl::Time> WonTime(const OpportunityFacts& opportunity, absl::Time as_of);
std::optional<absl::Time> LostTime(const OpportunityFacts& opportunity, absl::Time as_of);

}  // namespace gtm::book
