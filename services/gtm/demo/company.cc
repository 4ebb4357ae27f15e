#include "services/gtm/demo/company.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <charconv>
#include <cmath>

#include "services/gtm/demo/build.h"
#include "services/gtm/demo/buying.h"
#include "services/gtm/demo/names.h"
#include "services/gtm/demo/programs.h"
#include "services/gtm/demo/visitors.h"

namespace gtm::demo {
namespace {

using records::v1::Record;

constexpr std::array<const char*, 4> kRegions = {"Americas", "Northern Europe", "Southern Europe",
                                                 "Asia Pacific"};
constexpr std::array<const char*, 8> kInterests = {"sailing", "jazz",    "running", "chess",
                                                   "cooking", "cycling", "history", "robotics"};
constexpr std::array<const char*, 5> kChannels = {"paid search", "events", "content", "partners",
                                                  "outbound"};

void EmitSettings(const Context& context) {
  Record record;
  auto* settings = record.mutable_tenant_settings();
  settings->set_id("settings");
  settings->set_reporting_currency("USD");
  settings->mutable_fiscal_calendar()->set_year_start_month(1);
  const auto stage = [&](const char* id, const char* name, crm::v1::Stage::Role role) {
    auto* entry = settings->add_stages();
    entry->set_id(id);
    entry->set_display_name(name);
    entry->set_role(role);
    entry->set_position(settings->stages_size() - 1);
  };
  stage("stage0", "Stage 0", crm::v1::Stage::ROLE_STAGE_ZERO);
  stage("discovery", "Discovery", crm::v1::Stage::ROLE_OPEN);
  stage("evaluation", "Evaluation", crm::v1::Stage::ROLE_OPEN);
  stage("proposal", "Proposal", crm::v1::Stage::ROLE_OPEN);
  stage("contract", "Contract", crm::v1::Stage::ROLE_CONTRACT);
  stage("won", "Won", crm::v1::Stage::ROLE_WON);
  stage("lost", "Lost", crm::v1::Stage::ROLE_LOST);
  settings->set_buying_group_size_min(7);
  settings->set_buying_group_size_max(11);
  settings->set_market_account_count(context.options.account_count * int64_t{2});
  settings->set_market_people_count(context.options.account_count * int64_t{18});
  context.sink(std::move(record));
}

// Quota of a quarter in whole dollars: what a ramped seller of this territory books in
// a quarter of about average luck.
constexpr int64_t kQuotaUnits = 100'000;

void EmitSeller(const Context& context, const SellerFacts& facts, Random& random) {
  Record record;
  auto* seller = record.mutable_seller();
  seller->set_id(facts.id);
  seller->set_display_name(PersonName(random));
  seller->set_team(kRegions[facts.region]);
  seller->set_region(kRegions[facts.region]);
  seller->set_manager_id(fmt::format("manager-{}", facts.region + 1));
  SetDate(seller->mutable_hire_date(), facts.hired);
  if (facts.left <= context.options.today) SetDate(seller->mutable_leave_date(), facts.left);
  for (absl::CivilDay quarter = QuarterStart(context.start); quarter <= context.options.today;
       quarter = NextQuarter(quarter)) {
    // The first full quarter carries half a quota.
    if (quarter < facts.hired || quarter >= facts.left) continue;
    auto* quota = seller->add_quotas();
    SetDate(quota->mutable_start_date(), quarter);
    SetDate(quota->mutable_end_date(), NextQuarter(quarter));
    const bool ramping = quarter - facts.hired < 92;
    SetUsd(quota->mutable_amount(), ramping ? kQuotaUnits / 2 : kQuotaUnits);
  }
  context.sink(std::move(record));
}

void EmitSellers(Context* context, Random& random) {
  const int count = std::max(8, context->options.account_count / 25);
  const int64_t days = context->options.today - context->start;
  for (int i = 0; i < count; ++i) {
    SellerFacts facts;
    facts.id = fmt::format("seller-{:04}", i + 1);
    facts.region = i % static_cast<int>(kRegions.size());
    // Two thirds were there from the start; the others joined evenly since.
    const bool founder = i % 3 != 2;
    facts.hired = founder ? context->start - static_cast<int>(60 + random.Below(400))
                          : context->start + static_cast<int>(random.Below(days));
    const double stay_days = 200 + random.Exponential() * 2'500;
    facts.left = facts.hired + static_cast<int>(stay_days);
    if (facts.left < context->start + 30) facts.left = context->start + 30;
    context->sellers.push_back(facts);
    EmitSeller(*context, facts, random);
  }
}

void EmitExecutives(const Context& context, Random& random) {
  constexpr std::array<const char*, 6> kTitles = {
      "Chief Executive",       "Chief Financial Officer", "Chief Technology Officer",
      "Chief Revenue Officer", "Chief Product Officer",   "General Counsel"};
  constexpr std::array<const char*, 6> kFunctions = {"executive", "finance", "it",
                                                     "sales",     "product", "legal"};
  for (size_t i = 0; i < kTitles.size(); ++i) {
    Record record;
    auto* executive = record.mutable_executive();
    executive->set_id(fmt::format("executive-{}", i + 1));
    executive->set_display_name(PersonName(random));
    executive->set_job_title(kTitles[i]);
    executive->set_job_function(kFunctions[i]);
    executive->set_region(kRegions[i % kRegions.size()]);
    executive->set_eligible(i != 5);
    executive->set_work_week_hours(40);
    // One gives less than the 8 hours that the program asks for (D6).
    executive->set_sponsorship_week_minutes(i == 3 ? 420 : 480);
    if (i == 0) executive->set_sponsee_limit(3);
    for (int k = 0; k < 3; ++k) {
      executive->add_interests(kInterests[(i * 3 + k * 2) % kInterests.size()]);
    }
    executive->set_sdr_partner_id(context.sellers[i % context.sellers.size()].id);
    context.sink(std::move(record));
  }
}

// Growth of the company since the start, 1 at the start, about 1.25 a year.
double Growth(const Context& context, absl::CivilDay day) {
  return std::exp(0.223 * static_cast<double>(day - context.start) / 365.25);
}

bool InPlantedQuarters(const Context& context, absl::CivilDay day) {
  const absl::CivilDay quarter = QuarterStart(context.options.today);
  return day >= absl::CivilDay(absl::CivilMonth(quarter) - 3);
}

void EmitMonth(const Context& context, absl::CivilDay month, Random& random) {
  const absl::CivilDay end(absl::CivilMonth(month) + 1);
  const double scale = context.options.account_count / 300.0;
  const double planted = InPlantedQuarters(context, month) ? context.truth.mql_growth : 1.0;
  for (size_t c = 0; c < kChannels.size(); ++c) {
    const std::string key = fmt::format("{}-{}", absl::FormatCivilTime(absl::CivilMonth(month)), c);
    Record spend;
    spend.mutable_spend()->set_id("spend-" + key);
    SetDate(spend.mutable_spend()->mutable_start_date(), month);
    SetDate(spend.mutable_spend()->mutable_end_date(), end);
    const double noise = std::exp(0.08 * random.Normal());
    const double boost = c == 0 ? planted : 1.0;  // the extra money goes to paid search
    SetUsd(
        spend.mutable_spend()->mutable_amount(),
        static_cast<int64_t>(4'000 * scale * (1 + c % 3) * Growth(context, month) * boost * noise));
    spend.mutable_spend()->set_channel(kChannels[c]);
    spend.mutable_spend()->set_campaign_id(fmt::format("campaign-{}", c + 1));
    spend.mutable_spend()->set_goal(c == 4 ? crm::v1::SPEND_GOAL_RETENTION
                                           : crm::v1::SPEND_GOAL_PIPELINE);
    context.sink(std::move(spend));

    Record leads;
    auto* count = leads.mutable_lead_count();
    count->set_id("leads-" + key);
    SetDate(count->mutable_start_date(), month);
    SetDate(count->mutable_end_date(), end);
    count->set_channel(kChannels[c]);
    const int64_t mql = random.Poisson(30 * scale * (1 + c % 2) * Growth(context, month) * boost);
    const int64_t handed = static_cast<int64_t>(0.3 * static_cast<double>(mql) / boost);
    count->set_visitor_count(mql * 10);
    count->set_mql_count(mql);
    count->set_handed_over_count(handed);
    count->set_accepted_count(static_cast<int64_t>(0.74 * static_cast<double>(handed)));
    context.sink(std::move(leads));
  }
}

void EmitHeadcount(const Context& context, absl::CivilDay quarter) {
  Record record;
  auto* headcount = record.mutable_headcount();
  headcount->set_id("headcount-" + absl::FormatCivilTime(quarter));
  SetDate(headcount->mutable_effective_date(), quarter);
  const double planted = InPlantedQuarters(context, quarter) ? context.truth.headcount_growth : 1.0;
  headcount->set_employee_count(static_cast<int64_t>(0.5 * context.options.account_count *
                                                     Growth(context, quarter) * planted));
  context.sink(std::move(record));
}

void EmitCampaigns(const Context& context) {
  for (size_t c = 0; c < kChannels.size(); ++c) {
    Record record;
    auto* campaign = record.mutable_campaign();
    campaign->set_id(fmt::format("campaign-{}", c + 1));
    campaign->set_display_name(fmt::format("{} program", kChannels[c]));
    campaign->set_channel(kChannels[c]);
    campaign->set_owner_function(c == 1 ? crm::v1::MARKETING_FUNCTION_EVENTS
                                        : crm::v1::MARKETING_FUNCTION_DEMAND_GENERATION);
    SetDate(campaign->mutable_start_date(), context.start);
    context.sink(std::move(record));
  }
}

}  // namespace

Result<int> AccountCountOf(std::string_view size) {
  if (size == "small") return 300;
  if (size == "medium") return 3'000;
  if (size == "large") return 50'000;
  if (size == "huge") return 1'000'000;
  int count = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), count);
  if (error != std::errc() || end != size.data() + size.size() || count < 1 || count > 1'000'000) {
    return InvalidField("size", fmt::format("\"{}\" is no size; use small, medium, large, huge or "
                                            "a number of accounts from 1 to 1000000",
                                            size));
  }
  return count;
}

absl::CivilDay HistoryStart(const Options& options) {
  return absl::CivilDay(options.today.year() - 2, 1, 1);
}

double HazardShape(const Truth& truth, int age_days) {
  const double x = static_cast<double>(age_days) / truth.hazard_peak_age_days;
  return x * std::exp(1 - x);
}

void GenerateCompany(Context* context, Random& random) {
  EmitSettings(*context);
  EmitSellers(context, random);
  EmitExecutives(*context, random);
  EmitCampaigns(*context);
  for (absl::CivilDay month = context->start; month <= context->options.today;
       month = absl::CivilDay(absl::CivilMonth(month) + 1)) {
    // A month is reported when it is over.
    if (absl::CivilDay(absl::CivilMonth(month) + 1) <= context->options.today) {
      EmitMonth(*context, month, random);
    }
    if (month == QuarterStart(month)) EmitHeadcount(*context, month);
  }
}

void Generate(const Options& options, const Truth& truth, const Sink& sink) {
  assert(options.account_count >= 1 && options.account_count <= 1'000'000);
  AccountHistory history;
  SiteVisits visits;
  const Sink noting = [&](Record record) {
    history.Note(record);
    visits.Note(record);
    sink(std::move(record));
  };
  Context context{options, truth, noting, HistoryStart(options), {}};
  Random company(StreamSeed(options.seed, 0));
  GenerateCompany(&context, company);
  EmitProgramCampaigns(context);
  for (int i = 0; i < options.account_count; ++i) {
    const uint64_t stream = static_cast<uint64_t>(i) + 1;
    history = {};
    visits = {};
    Random account(StreamSeed(options.seed, stream));
    const AccountFacts facts = GenerateAccount(context, i, account);
    // A stream of its own: what was there before programs stays as it was, byte for byte.
    constexpr uint64_t kProgramStreams = uint64_t{1} << 40;
    Random programs(StreamSeed(options.seed, kProgramStreams + stream));
    const AccountHistory before = history;
    GeneratePrograms(context, facts, before, programs);
    constexpr uint64_t kVisitorStreams = uint64_t{1} << 41;
    Random visitors(StreamSeed(options.seed, kVisitorStreams + stream));
    GenerateVisitor(context, facts, i, visitors);
    constexpr uint64_t kBuyingStreams = uint64_t{1} << 42;
    Random buying(StreamSeed(options.seed, kBuyingStreams + stream));
    const SiteVisits before_second_pages = visits;
    GenerateBuying(context, facts, before_second_pages, buying);
  }
}

}  // namespace gtm::demo
