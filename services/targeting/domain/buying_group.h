#pragma once
// How much of an account's buying group we reach (TG-10, TG-11, TG-12, D18).
//
// A group has 7 to 11 people, each of whom takes 11 to 13 touches: 7 x 11 = 77 to
// 11 x 13 = 143 touches for the group. Seventy-seven touches of one person are no covered
// group: what is missing is counted person by person,
//   touches_missing = sum over the size_min people touched most of max(0, touches_min - touches)
// where people that nobody touched count with 0. Worked examples: nobody 77; seven people of
// 11 touches 0; one person of 100 touches 66.

#include <array>
#include <cstdint>
#include <vector>

#include "common/book/book.h"
#include "services/targeting/domain/audience.h"

namespace gtm::targeting::domain {

inline constexpr int kRoleCount = 9;  // gtm.crm.v1.BuyingRole is below

struct GroupRule {
  int size_min = 7;
  int size_max = 11;
  int touches_min = 11;
  int touches_max = 13;
  // Roles that a group should have, in the order given.
  std::vector<book::BuyingRole> expected_roles;

  int64_t group_touches_min() const { return int64_t{size_min} * touches_min; }
  int64_t group_touches_max() const { return int64_t{size_max} * touches_max; }
};

// Numbers as in gtm.targeting.v1.BuyingGroup.Coverage.
enum class GroupCoverage { kNone = 1, kSingle = 2, kPartial = 3, kSpoken = 4, kFull = 5 };
inline constexpr int kGroupCoverageCount = 6;  // with the unused 0

struct BuyingGroup {
  GroupCoverage coverage = GroupCoverage::kNone;
  int64_t known_people = 0;     // contacts of the account
  int64_t engaged_people = 0;   // who acted in the window
  int64_t touched_people = 0;   // whom any touch of the window concerns, theirs or ours
  int64_t touch_count = 0;      // touches with a known person, both ways
  int64_t unnamed_touches = 0;  // touches of the account with nobody known
  int64_t touches_missing = 0;
  // Expected roles that no contact of the account has, and those that somebody has but
  // nobody who acted.
  std::vector<book::BuyingRole> unknown_roles;
  std::vector<book::BuyingRole> silent_roles;
};

// Measures accounts of one view; keeps scratch memory. Not thread-safe. A contact's role is
// its own, and those that it has in the account's opportunities by `as_of`.
class GroupMeter {
 public:
  GroupMeter(const book::BookView& view, const GroupRule& rule, const TimeSpan& window,
             absl::Time as_of);
  // `row` is live.
  BuyingGroup Measure(book::AccountRow row);

 private:
  struct Person {
    uint32_t contact = 0;
    int64_t touches = 0;
    bool engaged = false;
  };
  void Tally(book::AccountRow row, BuyingGroup* group);
  int64_t Missing();
  void AddRoles(book::AccountRow row, BuyingGroup* group) const;

  const book::BookView& view_;
  const GroupRule rule_;
  const TimeSpan window_;
  const absl::Time as_of_;
  std::vector<Person> people_;  // of the account measured, by rising contact
};

}  // namespace gtm::targeting::domain
