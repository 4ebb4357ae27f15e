// Warnings about who is engaged at the buyer: FC-14, FC-16, FC-20 to FC-22.

#include <algorithm>

#include "fmt/format.h"
#include "services/forecasting/domain/deal_warnings.h"

namespace gtm::forecasting::domain {
namespace {

// Days after which a deal without any touch of its buyer is spoken of.
constexpr int kSilentDaysMin = 7;

// Short, one thing to do, easy to forward, every two to three days (FC-30).
constexpr char kFollowUp[] =
    "Follow up every 2 to 3 days with mails that read in 30 seconds, hold one action and can be "
    "forwarded, or call";

// "none of 4 people in the buying group is a champion".
std::string NobodyText(const DealCase& c, const char* what) {
  const size_t count = c.deal.group.size();
  if (count < 2) return fmt::format("nobody who {} is named in the buying group", what);
  return fmt::format("none of {} people in the buying group {}", count, what);
}

Clearing ABuyersTouch(const DealCase& c) {
  return {.type = ClearType::kBuyerTouches,
          .text = fmt::format("the buyer acts on {} or later", DayText(c.table.today)),
          .count = 1,
          .day = c.table.today};
}

void WarnOfSilence(const DealCase& c, WarningList* list) {
  if (c.facts.touch_count == 0 || c.deal.account < 0) return;
  if (c.evidence.buyer_touch_count == 0) {
    const int32_t days = c.table.today - c.row().clock_day;
    if (days < kSilentDaysMin) return;
    list->Add(DealWarningType::kNoBuyerActivity,
              c.is_past_first() ? Severity::kHigh : Severity::kMedium, "FC-14",
              fmt::format("not one touch of the buyer in {}, and {} of ours",
                          CountText(std::min(days, kEvidenceDays), "day", "days"),
                          c.evidence.our_touch_count),
              fmt::format("{}; without an answer, close the deal as lost", kFollowUp),
              ABuyersTouch(c),
              {EvidenceKind::kCalls, EvidenceKind::kEmails, EvidenceKind::kWebVisits});
    return;
  }
  const int32_t quiet = c.table.today - *c.evidence.last_buyer_day;
  // Engagement falls in the final contract stage: no warning there (FC-15).
  if (c.deal.in_contract || quiet <= c.rules.quiet_days) return;
  list->Add(DealWarningType::kNoBuyerActivity, Severity::kMedium, "FC-14",
            fmt::format("the buyer last acted {} ago, on {}", CountText(quiet, "day", "days"),
                        DayText(*c.evidence.last_buyer_day)),
            kFollowUp, ABuyersTouch(c),
            {EvidenceKind::kCalls, EvidenceKind::kEmails, EvidenceKind::kWebVisits});
}

void WarnOfContacts(const DealCase& c, WarningList* list) {
  const EvidenceItem& item = c.evidence.at(EvidenceKind::kSeveralContacts);
  if (item.state == EvidenceState::kNotRecorded) return;
  const auto named = static_cast<int64_t>(c.deal.group.size());
  const std::string size = fmt::format("{} to {}", c.facts.group_size_min, c.facts.group_size_max);
  if (item.count == 1 && c.is_past_first()) {
    list->Add(DealWarningType::kSingleContact, Severity::kHigh, "FC-20",
              fmt::format("red flag: one person acts for the buyer at stage {}; a buying group has "
                          "{}, of whom {} named",
                          c.deal.stage_number, size, CountText(named, "is", "are")),
              "Map the account: name the other stakeholders and reach the senior ones directly or "
              "through an executive of ours",
              {.type = ClearType::kEngagedContacts,
               .text = "a second person at the buyer acts",
               .count = 2},
              {EvidenceKind::kSeveralContacts});
  } else if (item.count >= 2 && item.count < c.facts.group_size_min && c.is_late()) {
    list->Add(DealWarningType::kFewContacts, Severity::kLow, "FC-16",
              fmt::format("{} people act for the buyer; a buying group has {}", item.count, size),
              "Ask who else must agree (security, IT, procurement, finance) and bring them in",
              {.type = ClearType::kEngagedContacts,
               .text = fmt::format("{} people at the buyer act", c.facts.group_size_min),
               .count = c.facts.group_size_min},
              {EvidenceKind::kSeveralContacts});
  }
}

void WarnOfChampion(const DealCase& c, WarningList* list) {
  if (!c.is_past_first()) return;
  const Severity severity = c.is_late() ? Severity::kHigh : Severity::kMedium;
  const Clearing proven = {.type = ClearType::kChampionProven,
                           .text =
                               "a champion shares inside the team, or further people act "
                               "after the champion did",
                           .count = kBroughtContactsMin,
                           .role = Role::kChampion};
  const std::vector<EvidenceKind> rests_on = {EvidenceKind::kChampion,
                                              EvidenceKind::kInternalShares};
  switch (c.evidence.champion) {
    case ChampionVerdict::kNone:
      list->Add(DealWarningType::kNoChampion, severity, "FC-22", NobodyText(c, "is a champion"),
                "Find who gains most from the purchase and would sell it when we are not in the "
                "room",
                {.type = ClearType::kRoleNamed,
                 .text = "a champion is named in the buying group",
                 .count = 1,
                 .role = Role::kChampion},
                rests_on);
      break;
    case ChampionVerdict::kCoach:
      list->Add(DealWarningType::kCoachOnly, severity, "FC-22",
                "there is a coach but no champion: a coach informs us and cannot sell inside",
                "Ask the coach who can sell inside, and for an introduction", proven, rests_on);
      break;
    case ChampionVerdict::kUnproven:
      list->Add(DealWarningType::kChampionUnproven,
                c.is_late() ? Severity::kMedium : Severity::kLow, "FC-22",
                fmt::format("the champion may be a coach: nothing shared inside, and fewer than {} "
                            "people came after",
                            kBroughtContactsMin),
                "Test the champion: ask to share the business case inside and to bring the next "
                "stakeholder to a call",
                proven, rests_on);
      break;
    default:
      break;
  }
}

void WarnOfEconomicBuyer(const DealCase& c, WarningList* list) {
  const EvidenceItem& item = c.evidence.at(EvidenceKind::kEconomicBuyer);
  if (!c.is_past_first() || item.state != EvidenceState::kMissing) return;
  const Severity severity = c.is_late() ? Severity::kHigh : Severity::kMedium;
  if (!c.evidence.economic_buyer_named) {
    list->Add(DealWarningType::kNoEconomicBuyer, severity, "FC-21",
              NobodyText(c, "holds the budget or decides"),
              "Ask the champion who signs, and what that person must see to sign",
              {.type = ClearType::kRoleNamed,
               .text = "an economic buyer or decision maker is named in the buying group",
               .count = 1,
               .role = Role::kEconomicBuyer},
              {EvidenceKind::kEconomicBuyer});
    return;
  }
  list->Add(DealWarningType::kEconomicBuyerSilent, c.is_late() ? Severity::kMedium : Severity::kLow,
            "FC-21", "the economic buyer is named and has never acted",
            "Get the economic buyer what supports the deal: value, price and risk on one page",
            {.type = ClearType::kRoleEngaged,
             .text = "the economic buyer or decision maker acts",
             .count = 1,
             .role = Role::kEconomicBuyer},
            {EvidenceKind::kEconomicBuyer});
}

}  // namespace

void WarnOfPeople(const DealCase& deal_case, WarningList* list) {
  WarnOfSilence(deal_case, list);
  WarnOfContacts(deal_case, list);
  WarnOfChampion(deal_case, list);
  WarnOfEconomicBuyer(deal_case, list);
}

}  // namespace gtm::forecasting::domain
