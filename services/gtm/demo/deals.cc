// Opportunities from competing hazards, and subscriptions of those that were won.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "services/gtm/demo/build.h"
#include "services/gtm/demo/company.h"

namespace gtm::demo {
namespace {

using crm::v1::Opportunity;
using crm::v1::SubscriptionMovement;
using records::v1::Record;

constexpr std::array<double, 3> kAmountLogMean = {9.3, 10.3, 11.2};  // by segment
constexpr std::array<const char*, 3> kProducts = {"Core", "Plus", "Enterprise"};
constexpr std::array<const char*, 5> kSources = {"paid search", "events", "content", "partners",
                                                 "outbound"};
constexpr int kWorkdayStart = 8 * 3600;
constexpr int kWorkdaySeconds = 9 * 3600;
// A deal is followed for this long at most; then it is a zombie or lost.
constexpr int kDealDaysMax = 400;

using Outcome = DealFacts::Outcome;

struct Fate {
  Outcome outcome = Outcome::kOpen;
  absl::CivilDay closed;
  absl::CivilDay qualified;
  bool was_qualified = false;
};

const SellerFacts* PickSeller(const Context& context, int region, absl::CivilDay day,
                              Random& random) {
  const auto& sellers = context.sellers;
  const size_t first = random.Below(sellers.size());
  const SellerFacts* elsewhere = nullptr;
  for (size_t k = 0; k < sellers.size(); ++k) {
    const SellerFacts& seller = sellers[(first + k) % sellers.size()];
    if (day < seller.hired || day >= seller.left) continue;
    if (seller.region == region) return &seller;
    if (elsewhere == nullptr) elsewhere = &seller;
  }
  return elsewhere != nullptr ? elsewhere : &sellers.front();
}

double RampFactor(const Truth& truth, int tenure_days) {
  return 1 - std::exp(-(tenure_days + 30.0) / truth.ramp_days);
}

// Lives a deal day by day until it is closed or `today` is reached.
Fate Live(const Context& context, const AccountFacts& account, const SellerFacts& seller,
          absl::CivilDay created, Random& random) {
  const Truth& truth = context.truth;
  Fate fate;
  fate.qualified = created + 3 + static_cast<int>(random.Below(25));
  fate.was_qualified = random.Uniform() < truth.qualify_share;
  if (!fate.was_qualified) {
    fate.outcome = Outcome::kLost;
    fate.closed = fate.qualified;
    return fate;
  }
  const bool zombie = random.Uniform() < truth.zombie_share;
  const double win_factor =
      std::exp(truth.fit_effect * account.fit) * (account.sponsored ? truth.sponsor_factor : 1.0);
  for (absl::CivilDay day = fate.qualified; day <= context.options.today; ++day) {
    const auto age = static_cast<int>(day - fate.qualified);
    if (age > kDealDaysMax && !zombie) {
      fate.outcome = Outcome::kLost;
      fate.closed = day;
      return fate;
    }
    if (zombie) continue;
    const double shape =
        HazardShape(truth, age) * (NextQuarter(day) - day <= 14 ? truth.quarter_end_factor : 1.0);
    const double ramp =
        RampFactor(truth, static_cast<int>(std::max<int64_t>(0, day - seller.hired)));
    const double win = truth.win_hazard_peak * shape * win_factor * ramp;
    const double lose = truth.loss_hazard_peak * shape;
    const double u = random.Uniform();
    if (u >= win + lose) continue;
    fate.outcome = u < win ? Outcome::kWon : Outcome::kLost;
    fate.closed = day;
    return fate;
  }
  return fate;
}

class DealWriter {
 public:
  DealWriter(const Context& context, AccountFacts* account, Random& random)
      : context_(context), account_(*account), random_(random) {}

  // Writes one deal and, if it was the account's first win, its subscription.
  void Write(absl::CivilDay created, int number, bool* is_customer) {
    const SellerFacts& seller = *PickSeller(context_, account_.region, created, random_);
    const Fate fate = Live(context_, account_, seller, created, random_);
    Record record;
    Opportunity* deal = record.mutable_opportunity();
    deal->set_id(fmt::format("{}-o{}", account_.id, number + 1));
    deal->set_account_id(account_.id);
    deal->set_owner_seller_id(seller.id);
    deal->set_type(*is_customer ? Opportunity::TYPE_EXPANSION : Opportunity::TYPE_NEW_BUSINESS);
    const size_t source = random_.Below(kSources.size());
    deal->set_source(kSources[source]);
    deal->set_campaign_id(fmt::format("campaign-{}", source + 1));
    deal->set_product(kProducts[account_.segment]);
    deal->set_self_sourced(source == 4 || random_.Uniform() < 0.25);
    AddStages(deal, created, fate);
    const int64_t expected =
        static_cast<int64_t>(std::exp(kAmountLogMean[account_.segment] + 0.55 * random_.Normal()));
    AddAmounts(deal, created, fate, expected);
    AddCloseDates(deal, created, fate);
    AddBuyingGroup(deal);
    const std::string id = deal->id();
    account_.deals.push_back(
        {id, seller.id, created, fate.qualified, fate.was_qualified, fate.outcome, fate.closed});
    const int64_t realised = deal->amount_changes(deal->amount_changes_size() - 1).amount().units();
    context_.sink(std::move(record));
    if (fate.outcome == Outcome::kWon && !*is_customer) {
      *is_customer = true;
      const bool quick = fate.closed - fate.qualified <= 30;
      GenerateSubscription(context_, account_, random_, fate.closed,
                           std::max<int64_t>(1, realised / 12), quick, id);
    }
  }

 private:
  int SecondOfDay() { return kWorkdayStart + static_cast<int>(random_.Below(kWorkdaySeconds)); }

  void AddStage(Opportunity* deal, absl::CivilDay day, int second, const char* stage) {
    auto* change = deal->add_stage_changes();
    SetTime(change->mutable_change_time(), day, second);
    change->set_stage_id(stage);
  }

  void AddStages(Opportunity* deal, absl::CivilDay created, const Fate& fate) {
    AddStage(deal, created, SecondOfDay(), "stage0");
    const absl::CivilDay today = context_.options.today;
    if (fate.was_qualified && fate.qualified <= today) {
      AddStage(deal, fate.qualified, SecondOfDay(), "discovery");
      const absl::CivilDay end = fate.outcome == Outcome::kOpen ? today + 1 : fate.closed;
      const absl::CivilDay middle[] = {fate.qualified + 15 + static_cast<int>(random_.Below(15)),
                                       fate.qualified + 38 + static_cast<int>(random_.Below(20)),
                                       fate.qualified + 66 + static_cast<int>(random_.Below(20))};
      const char* stages[] = {"evaluation", "proposal", "contract"};
      for (int i = 0; i < 3 && middle[i] < end; ++i) {
        AddStage(deal, middle[i], SecondOfDay(), stages[i]);
      }
    }
    if (fate.outcome != Outcome::kOpen && fate.closed <= today) {
      // Later than any stage of the same day.
      AddStage(deal, fate.closed, kWorkdayStart + kWorkdaySeconds + 60,
               fate.outcome == Outcome::kWon ? "won" : "lost");
      if (fate.outcome == Outcome::kLost) {
        static constexpr std::array<const char*, 4> kReasons = {"price", "missing features",
                                                                "no decision", "competitor"};
        deal->set_loss_reason(kReasons[random_.Below(kReasons.size())]);
      }
    }
  }

  void AddAmounts(Opportunity* deal, absl::CivilDay created, const Fate& fate, int64_t expected) {
    auto* first = deal->add_amount_changes();
    SetTime(first->mutable_change_time(), created, kWorkdayStart);
    SetUsd(first->mutable_amount(), expected);
    if (fate.outcome != Outcome::kWon) return;
    const double ratio = std::exp(context_.truth.amount_ratio_log_mean +
                                  context_.truth.amount_ratio_log_sd * random_.Normal());
    auto* last = deal->add_amount_changes();
    SetTime(last->mutable_change_time(), fate.closed, kWorkdayStart + kWorkdaySeconds);
    SetUsd(last->mutable_amount(),
           std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(expected) * ratio)));
  }

  void AddCloseDates(Opportunity* deal, absl::CivilDay created, const Fate& fate) {
    absl::CivilDay expected = created + 60 + static_cast<int>(random_.Below(60));
    absl::CivilDay changed = created;
    const absl::CivilDay end =
        fate.outcome == Outcome::kOpen ? context_.options.today : fate.closed;
    for (int i = 0; i < 8; ++i) {
      auto* change = deal->add_close_date_changes();
      SetTime(change->mutable_change_time(), changed, kWorkdayStart);
      SetDate(change->mutable_close_date(), expected);
      if (expected >= end) break;  // pushed only when it was missed
      changed = expected;
      expected = expected + 30 + static_cast<int>(random_.Below(30));
    }
  }

  void AddBuyingGroup(Opportunity* deal) {
    static constexpr std::array<crm::v1::BuyingRole, 5> kRoles = {
        crm::v1::BUYING_ROLE_ECONOMIC_BUYER, crm::v1::BUYING_ROLE_CHAMPION,
        crm::v1::BUYING_ROLE_TECHNICAL_EVALUATOR, crm::v1::BUYING_ROLE_USER,
        crm::v1::BUYING_ROLE_INFLUENCER};
    const size_t count = 1 + random_.Below(account_.contact_ids.size());
    for (size_t i = 0; i < count; ++i) {
      auto* member = deal->add_buying_group();
      member->set_contact_id(account_.contact_ids[i]);
      member->set_role(kRoles[i % kRoles.size()]);
    }
  }

  const Context& context_;
  AccountFacts& account_;
  Random& random_;
};

void EmitMovement(const Context& context, const AccountFacts& account, int number,
                  absl::CivilDay day, SubscriptionMovement::Type type, int64_t delta,
                  SubscriptionMovement::Incentive incentive, const std::string& opportunity_id) {
  Record record;
  auto* movement = record.mutable_subscription_movement();
  movement->set_id(fmt::format("{}-m{}", account.id, number));
  movement->set_account_id(account.id);
  movement->set_subscription_id(account.id + "-s1");
  movement->set_opportunity_id(opportunity_id);
  SetDate(movement->mutable_effective_date(), day);
  movement->set_type(type);
  movement->set_incentive(incentive);
  SetUsd(movement->mutable_mrr_delta(), delta);
  context.sink(std::move(record));
}

}  // namespace

void GenerateDeals(const Context& context, AccountFacts* account, Random& random) {
  // Deals begin before the history's start, so that the first quarter has a pipeline.
  const absl::CivilDay first = context.start - 180;
  DealWriter writer(context, account, random);
  bool is_customer = false;
  int number = 0;
  double day = 0;
  const double days = static_cast<double>(context.options.today - first);
  for (;;) {
    // Arrivals thin out a Poisson process whose rate grows with the company.
    const double rate_max = 0.0040 * std::exp(0.3 * account->fit);
    day += random.Exponential() / rate_max;
    if (day > days) break;
    const double growth = std::exp(0.223 * (day - days) / 365.25);
    if (random.Uniform() < growth)
      writer.Write(first + static_cast<int>(day), number++, &is_customer);
  }
}

void GenerateSubscription(const Context& context, const AccountFacts& account, Random& random,
                          absl::CivilDay start, int64_t mrr_units, bool quick_sale,
                          const std::string& opportunity_id) {
  const Truth& truth = context.truth;
  const absl::CivilDay today = context.options.today;
  const absl::CivilDay planted(absl::CivilMonth(QuarterStart(today)) - 3);
  int number = 1;
  int64_t mrr = mrr_units;
  EmitMovement(context, account, number++, start, SubscriptionMovement::TYPE_NEW, mrr,
               SubscriptionMovement::INCENTIVE_NONE, opportunity_id);
  const double churn = truth.monthly_churn * (quick_sale ? truth.quick_sale_churn_factor : 1.0);
  for (absl::CivilDay day = start + 30; day <= today; day += 30) {
    const double u = random.Uniform();
    if (u < churn) {
      EmitMovement(context, account, number, day, SubscriptionMovement::TYPE_CHURN, -mrr,
                   SubscriptionMovement::INCENTIVE_NONE, "");
      return;
    }
    const bool in_planted = day >= planted;
    const double expansion = in_planted ? 0.10 : 0.05;
    if (u < churn + expansion) {
      const int64_t delta =
          std::max<int64_t>(1, mrr * (5 + static_cast<int64_t>(random.Below(20))) / 100);
      const bool coupon = in_planted && random.Uniform() < truth.coupon_share;
      EmitMovement(
          context, account, number++, day, SubscriptionMovement::TYPE_EXPANSION, delta,
          coupon ? SubscriptionMovement::INCENTIVE_COUPON : SubscriptionMovement::INCENTIVE_NONE,
          "");
      mrr += delta;
    } else if (u < churn + expansion + 0.015 && mrr > 20) {
      const int64_t delta = mrr / 10;
      EmitMovement(context, account, number++, day, SubscriptionMovement::TYPE_CONTRACTION, -delta,
                   SubscriptionMovement::INCENTIVE_NONE, "");
      mrr -= delta;
    }
  }
}

}  // namespace gtm::demo
