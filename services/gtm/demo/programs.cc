#include "services/gtm/demo/programs.h"

#include <fmt/format.h>

#include <algorithm>

#include "services/gtm/demo/build.h"

namespace gtm::demo {
namespace {

using crm::v1::Engagement;
using records::v1::Record;

constexpr int kExperimentDays = 240;  // before today, until kQuietDays before it
constexpr int kQuietDays = 10;
constexpr double kPlantedShare = 0.6;
constexpr double kInvitedShare = 0.5;
constexpr double kInvitationsADay = 1.0 / 300;

struct Program {
  int number;
  const char* name;
  const char* channel;
  const char* arm;
  int64_t month_units;  // cost a month for 300 accounts; 0: not recorded
};
constexpr Program kPrograms[] = {
    {6, "executive dinners", "executive events", "", 0},
    {7, "planning guide", "outreach", "offer=guide", 1'500},
    {8, "peer benchmark", "outreach", "offer=benchmark", 1'400},
    {9, "video message", "outreach", "form=video", 900},
    {10, "text message", "outreach", "form=text", 400},
};

absl::CivilDay ExperimentStart(const Context& context) {
  return context.options.today - kExperimentDays;
}

class ProgramWriter {
 public:
  ProgramWriter(const Context& context, const AccountFacts& account, Random& random)
      : context_(context), account_(account), random_(random) {}

  void Touch(int program, Engagement::Type type, absl::CivilDay day, int second_of_day) {
    if (day < context_.start || day >= context_.options.today) return;
    Record record;
    Engagement* touch = record.mutable_engagement();
    touch->set_id(fmt::format("{}-x{}", account_.id, ++number_));
    touch->set_account_id(account_.id);
    touch->set_contact_id(account_.contact_ids[random_.Below(account_.contact_ids.size())]);
    touch->set_type(type);
    touch->set_direction(Engagement::DIRECTION_OUTBOUND);
    touch->set_campaign_id(fmt::format("campaign-{}", program));
    SetTime(touch->mutable_occur_time(), day, second_of_day);
    context_.sink(std::move(record));
  }

  absl::CivilDay ExperimentDay() {
    return ExperimentStart(context_) +
           static_cast<int>(random_.Below(kExperimentDays - kQuietDays));
  }

 private:
  const Context& context_;
  const AccountFacts& account_;
  Random& random_;
  int number_ = 0;
};

// A day shortly before one on which somebody acted; `otherwise` where nobody did.
absl::CivilDay BeforeAnAct(const Context& context, const AccountHistory& history,
                           absl::CivilDay otherwise, Random& random) {
  std::vector<absl::CivilDay> days;
  for (const int64_t second : history.act_seconds) {
    const absl::CivilDay day = absl::ToCivilDay(absl::FromUnixSeconds(second), absl::UTCTimeZone());
    if (day > ExperimentStart(context) && day <= context.options.today - kQuietDays) {
      days.push_back(day);
    }
  }
  if (days.empty()) return otherwise;
  return days[random.Below(days.size())] - 1 - static_cast<int>(random.Below(3));
}

}  // namespace

void AccountHistory::Note(const Record& record) {
  if (record.has_engagement() &&
      record.engagement().direction() != Engagement::DIRECTION_OUTBOUND) {
    act_seconds.push_back(record.engagement().occur_time().seconds());
  }
  if (record.has_opportunity()) {
    deal_days.push_back(absl::ToCivilDay(
        absl::FromUnixSeconds(record.opportunity().stage_changes(0).change_time().seconds()),
        absl::UTCTimeZone()));
  }
}

void EmitProgramCampaigns(const Context& context) {
  for (const Program& program : kPrograms) {
    const std::string id = fmt::format("campaign-{}", program.number);
    const bool is_experiment = program.arm[0] != '\0';
    const absl::CivilDay start = is_experiment ? ExperimentStart(context) : context.start;
    Record record;
    auto* campaign = record.mutable_campaign();
    campaign->set_id(id);
    campaign->set_display_name(program.name);
    campaign->set_channel(program.channel);
    campaign->set_owner_function(is_experiment ? crm::v1::MARKETING_FUNCTION_CONTENT
                                               : crm::v1::MARKETING_FUNCTION_EVENTS);
    campaign->set_experiment_arm(program.arm);
    SetDate(campaign->mutable_start_date(), start);
    context.sink(std::move(record));
    if (program.month_units == 0) continue;
    Record paid;
    auto* spend = paid.mutable_spend();
    spend->set_id("spend-" + id);
    spend->set_campaign_id(id);
    spend->set_channel(program.channel);
    // What is sent is paid for as tools and data.
    spend->set_goal(crm::v1::SPEND_GOAL_OPERATIONS);
    SetDate(spend->mutable_start_date(), start);
    SetDate(spend->mutable_end_date(), context.options.today);
    SetUsd(spend->mutable_amount(),
           std::max<int64_t>(1, program.month_units * kExperimentDays / 30 *
                                    context.options.account_count / 300));
    context.sink(std::move(paid));
  }
}

void GeneratePrograms(const Context& context, const AccountFacts& account,
                      const AccountHistory& history, Random& random) {
  constexpr int kMorning = 9 * 3600;
  ProgramWriter writer(context, account, random);
  // Invitations: at random, and before what begins.
  double day = 0;
  const auto days = static_cast<double>(context.options.today - context.start);
  while ((day += random.Exponential() / kInvitationsADay) < days) {
    writer.Touch(6, Engagement::TYPE_EVENT, context.start + static_cast<int>(day), kMorning);
  }
  for (const absl::CivilDay begin : history.deal_days) {
    const int before = 5 + static_cast<int>(random.Below(55));
    if (random.Uniform() < kInvitedShare) {
      writer.Touch(6, Engagement::TYPE_EVENT, begin - before, kMorning);
    }
  }
  const bool benchmark = random.Uniform() < 0.5;
  absl::CivilDay sent = writer.ExperimentDay();
  if (benchmark && random.Uniform() < kPlantedShare) {
    sent = BeforeAnAct(context, history, sent, random);
  }
  writer.Touch(benchmark ? 8 : 7, Engagement::TYPE_EMAIL, sent, kMorning);
  const bool text = random.Uniform() < 0.5;
  writer.Touch(text ? 10 : 9, Engagement::TYPE_MESSAGE, writer.ExperimentDay(), kMorning);
}

}  // namespace gtm::demo
