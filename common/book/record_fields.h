#pragma once
// The format of encoded records: which fields, in which order.
//
// [12 bytes of six array lengths, then the arrays]  only of aligned records
// varint: a bit for each field that is there; then those fields by rising bit.
// Whole numbers are zigzag varints, repeated words are symbols.

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace gtm::book::fields {

enum class Account {
  kDisplayName,
  kIndustry,
  kCountry,
  kRegion,
  kSegment,
  kSource,
  kParent,
  kOwner,
  kEmployeeCount,
  kRevenueMicros,
  kRevenueCurrency,
  kRevenueGrowth,
  kFoundedYear,
  kLifetimeMicros,
  kLifetimeCurrency,
  kMarketInfluence,
  kGrowthCapacity,
  kLeadershipDay,
  kFirstSeenDay,
  kTechnologiesKnown,  // no value: the bit says it
};

enum class Contact {
  kDisplayName,
  kJobTitle,
  kJobFunction,
  kSeniority,
  kBuyingRole,
  kMarketInfluence,
  kCommitment,
  kRegion,
  kPersonality,
  kPreferredChannel,
  kSponsorshipCandidate,  // no value
  kNominatedBy,
};

enum class Opportunity {
  kDisplayName,
  kOwner,
  kProduct,
  kSegment,
  kSource,
  kCampaign,
  kLossReason,
  kCompetitor,
  kType,
  kFlags,  // two bits for each optional bool: known, true
  kTermMonths,
  kDiscountBps,
  kFirstRecorded,  // Unix seconds
};

// Lengths of the arrays of an aligned record, in the order in which they lie.
inline constexpr int kArrays = 6;
using ArrayLengths = std::array<uint16_t, kArrays>;
static_assert(sizeof(ArrayLengths) == 12);
enum class AccountArray { kTechnologies, kLabels, kNumbers };
enum class ContactArray { kInterests, kLabels, kNumbers };
enum class OpportunityArray { kStages, kAmounts, kCloseDates, kBuyingGroup };

inline void PutVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}
inline uint64_t Zigzag(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}
inline int64_t Unzigzag(uint64_t value) {
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

}  // namespace gtm::book::fields
