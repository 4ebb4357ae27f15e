#pragma once
// The attributes that criteria can read, and how they are read from a Book.

#include <span>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/criteria/attributes.h"
#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {

// Attributes of accounts (with their engagement) and of people, by rising name.
std::span<const criteria::Attribute> AccountAttributes();
std::span<const criteria::Attribute> ContactAttributes();

enum class AttributeField : uint8_t {
  kAccountAnnualRevenue,
  kAccountContactCount,
  kAccountCountry,
  kAccountCustomLabel,
  kAccountCustomNumber,
  kAccountEmployeeCount,
  kAccountFirstSeenAgeDays,
  kAccountFoundedYear,
  kAccountGrowthCapacity,
  kAccountIndustry,
  kAccountLeadershipChangeAgeDays,
  kAccountMarketInfluence,
  kAccountPotentialLifetimeValue,
  kAccountRegion,
  kAccountRevenueGrowthBps,
  kAccountSegment,
  kAccountSource,
  kAccountTechnologies,
  kContactBuyingRole,
  kContactCommitment,
  kContactCustomLabel,
  kContactCustomNumber,
  kContactJobFunction,
  kContactMarketInfluence,
  kContactRegion,
  kContactSeniority,
  kEngagementActiveContactCount,
  kEngagementLastTouchAgeDays,
  kEngagementRecentPoints,
  kEngagementTouchCount,
};

// An attribute name, resolved once.
struct AttributeRef {
  AttributeField field;
  std::string key;  // of the tenant's own attributes
};

// `name` is one that FindAttribute finds in one of the tables.
AttributeRef ResolveAttribute(std::string_view name);
bool ReadsEngagement(const AttributeRef& attribute);

// Where values are read: the pinned view at an instant.
struct ReadContext {
  const book::BookView& view;
  absl::Time as_of;
  absl::CivilDay as_of_day;  // in the tenant's time zone
};

// The value of one account or person; missing where it is not known, or where it had not
// happened by as_of. The result borrows from the view.
criteria::Value ReadAccount(const AttributeRef& attribute, const ReadContext& context,
                            book::AccountRow row, const book::AccountFacts& account,
                            const EngagementMeasure& engagement);
criteria::Value ReadContact(const AttributeRef& attribute, const book::ContactFacts& contact,
                            const EngagementMeasure& engagement);

}  // namespace gtm::targeting::domain
