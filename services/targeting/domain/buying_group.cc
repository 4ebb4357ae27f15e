#include "services/targeting/domain/buying_group.h"

#include <algorithm>

#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {

GroupMeter::GroupMeter(const book::BookView& view, const GroupRule& rule, const TimeSpan& window,
                       absl::Time as_of)
    : view_(view), rule_(rule), window_(window), as_of_(as_of) {}

void GroupMeter::Tally(book::AccountRow row, BuyingGroup* group) {
  people_.clear();
  for (const book::EngagementEvent& event : TouchesIn(view_.engagements_of(row), window_)) {
    if (!book::IsRow(event.contact) || !view_.is_live(event.contact)) {
      group->unnamed_touches += event.count;
      continue;
    }
    people_.push_back({static_cast<uint32_t>(event.contact), event.count, IsBuyerTouch(event)});
  }
  std::sort(people_.begin(), people_.end(),
            [](const Person& a, const Person& b) { return a.contact < b.contact; });
  size_t kept = 0;
  for (const Person& person : people_) {
    if (kept > 0 && people_[kept - 1].contact == person.contact) {
      people_[kept - 1].touches += person.touches;
      people_[kept - 1].engaged |= person.engaged;
    } else {
      people_[kept++] = person;
    }
  }
  people_.resize(kept);
  for (const Person& person : people_) {
    group->touch_count += person.touches;
    group->engaged_people += person.engaged;
  }
  group->touched_people = static_cast<int64_t>(people_.size());
}

int64_t GroupMeter::Missing() {
  std::sort(people_.begin(), people_.end(),
            [](const Person& a, const Person& b) { return a.touches > b.touches; });
  int64_t missing = rule_.group_touches_min();
  const size_t counted = std::min(people_.size(), static_cast<size_t>(rule_.size_min));
  for (size_t i = 0; i < counted; ++i) {
    missing -= std::min<int64_t>(people_[i].touches, rule_.touches_min);
  }
  return missing;
}

void GroupMeter::AddRoles(book::AccountRow row, BuyingGroup* group) const {
  std::array<bool, kRoleCount> known{};
  std::array<bool, kRoleCount> engaged{};
  const auto acted = [&](uint32_t contact) {
    return std::any_of(people_.begin(), people_.end(), [&](const Person& person) {
      return person.contact == contact && person.engaged;
    });
  };
  const auto add = [&](book::BuyingRole role, uint32_t contact) {
    if (role == 0 || role >= kRoleCount) return;
    known[role] = true;
    engaged[role] = engaged[role] || acted(contact);
  };
  for (const book::ContactRow contact : view_.contacts_of(row)) {
    if (!view_.is_live(contact)) continue;
    ++group->known_people;
    add(view_.contact(contact).buying_role, static_cast<uint32_t>(contact));
  }
  for (const book::OpportunityRow deal : view_.opportunities_of(row)) {
    if (!view_.is_live(deal)) continue;
    const book::OpportunityFacts facts = view_.opportunity(deal);
    if (book::StageAt(facts, as_of_) == nullptr) continue;
    for (const book::BuyingGroupMember& member : facts.buying_group) {
      if (member.since > as_of_ || !book::IsRow(member.contact)) continue;
      if (view_.is_live(member.contact)) add(member.role, static_cast<uint32_t>(member.contact));
    }
  }
  for (const book::BuyingRole role : rule_.expected_roles) {
    if (!known[role]) group->unknown_roles.push_back(role);
    if (known[role] && !engaged[role]) group->silent_roles.push_back(role);
  }
}

BuyingGroup GroupMeter::Measure(book::AccountRow row) {
  BuyingGroup group;
  Tally(row, &group);
  AddRoles(row, &group);
  group.touches_missing = Missing();
  if (group.engaged_people == 0) {
    group.coverage = GroupCoverage::kNone;
  } else if (group.engaged_people == 1) {
    group.coverage = GroupCoverage::kSingle;
  } else if (group.engaged_people < rule_.size_min) {
    group.coverage = GroupCoverage::kPartial;
  } else {
    group.coverage = group.touches_missing > 0 ? GroupCoverage::kSpoken : GroupCoverage::kFull;
  }
  return group;
}

}  // namespace gtm::targeting::domain
