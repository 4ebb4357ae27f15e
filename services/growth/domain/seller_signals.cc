#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "services/growth/domain/growth_signals.h"

namespace gtm::growth::domain {
namespace {

// Of `n` sellers, how many a share of `threshold` needs.
int64_t Needed(double threshold, int64_t n) {
  return static_cast<int64_t>(std::ceil(threshold * static_cast<double>(n) - 1e-9));
}

bool Reaches(const SellerAttainment& seller, int64_t share_bps) {
  return static_cast<__int128>(seller.bookings_micros) * 10'000 >=
         static_cast<__int128>(seller.quota_micros) * share_bps;
}

// A share of known sellers held against a gate as it is; the interval is told, not
// used.
Gate FactGate(std::string_view rule_id, std::string_view name, double threshold,
              const Estimate& share) {
  Gate gate{rule_id, name, threshold, share, SignalStatus::kUnknown};
  if (share.sufficiency != Sufficiency::kEnough) return gate;
  const bool met = share.success_count >= Needed(threshold, share.sample_count);
  gate.status = met ? SignalStatus::kOk : SignalStatus::kAct;
  return gate;
}

}  // namespace

SellerRamp JudgeRamp(std::string seller_id, absl::CivilDay hire_day,
                     std::optional<absl::CivilDay> leave_day, std::span<const SellerWin> wins,
                     absl::CivilDay period_end) {
  SellerRamp ramp{.seller_id = std::move(seller_id), .hire_day = hire_day};
  const absl::CivilDay last_day = hire_day + kRampDays;
  const SellerWin* first = nullptr;
  bool unknown_source = false;
  for (const SellerWin& win : wins) {
    if (win.won_day >= period_end || win.won_day < hire_day) continue;
    if (win.first_day < hire_day) continue;  // inherited
    if (!win.self_sourced.has_value()) {
      unknown_source = unknown_source || win.won_day <= last_day;
    } else if (*win.self_sourced && (first == nullptr || win.won_day < first->won_day)) {
      first = &win;
    }
  }
  if (first != nullptr) {
    ramp.first_deal_days = static_cast<int32_t>(first->won_day - hire_day);
    ramp.first_deal_id = first->opportunity_id;
    ramp.suspiciously_fast = *ramp.first_deal_days <= kTooFastDays;
  }
  if (last_day >= period_end) {
    ramp.state = RampState::kRunning;
  } else if (first != nullptr && first->won_day <= last_day) {
    ramp.state = RampState::kMet;
  } else if (leave_day && *leave_day <= last_day) {
    ramp.state = RampState::kLeft;
  } else {
    ramp.state = unknown_source ? RampState::kSourceUnknown : RampState::kNotMet;
  }
  return ramp;
}

Signal JudgeFirstDeals(std::span<const SellerRamp> ramps) {
  const auto count = [&ramps](RampState state) {
    return std::count_if(ramps.begin(), ramps.end(),
                         [state](const SellerRamp& ramp) { return ramp.state == state; });
  };
  const int64_t met = count(RampState::kMet);
  const int64_t judged = met + count(RampState::kNotMet);
  const int64_t fast = std::count_if(ramps.begin(), ramps.end(), [](const SellerRamp& ramp) {
    return ramp.state == RampState::kMet && ramp.suspiciously_fast;
  });
  Signal signal{.kind = SignalKind::kFirstDeal, .rule_ids = {"GS-06", "GS-07"}};
  signal.value = ShareEstimate(met, judged, kRampSellersMin);
  signal.gates = {MakeGate("GS-07", "share_within_90_days", kRampShare, signal.value)};
  signal.figures = {{"sellers_judged", judged},
                    {"sellers_met", met},
                    {"sellers_met_within_30_days", fast},
                    {"sellers_running", int64_t{count(RampState::kRunning)}},
                    {"sellers_with_unknown_source", int64_t{count(RampState::kSourceUnknown)}},
                    {"sellers_left", int64_t{count(RampState::kLeft)}}};
  signal.status = signal.gates[0].status;
  signal.explanation =
      fmt::format("{} of {} new sellers sourced and closed a first deal within {} days.", met,
                  judged, kRampDays);
  if (signal.status == SignalStatus::kUnknown) {
    signal.explanation += " Too few to tell.";
    signal.what_would_change = fmt::format(
        "At least {} sellers with a hire date, whose 90 days ended within a year, and "
        "opportunities "
        "that say whether the owner sourced them.",
        kRampSellersMin);
    return signal;
  }
  signal.explanation += fmt::format(" The rate behind it is {:.1f} to {:.1f} %.",
                                    *signal.value.low * 100, *signal.value.high * 100);
  if (signal.status == SignalStatus::kAct) {
    signal.explanation +=
        " Consistently slower sellers are not the cause: look at product-market fit, marketing, "
        "positioning and process (GS-07).";
  }
  if (fast > 0) {
    signal.explanation += fmt::format(
        " {} did it within the first month, which is a bit fast to be independent.", fast);
  }
  signal.what_would_change =
      fmt::format("OK needs an interval above {:.0f} %, ACT one below it.", kRampShare * 100);
  return signal;
}

Signal JudgeQuota(std::span<const SellerAttainment> sellers, Currency currency) {
  const int64_t judged = static_cast<int64_t>(sellers.size());
  const auto reaching = [&sellers](int64_t bps) -> int64_t {
    return std::count_if(sellers.begin(), sellers.end(),
                         [bps](const SellerAttainment& s) { return Reaches(s, bps); });
  };
  const int64_t at_quota = reaching(10'000);
  const int64_t near_quota = reaching(kSecondQuotaBps);
  int64_t quota = 0, bookings = 0;
  for (const SellerAttainment& seller : sellers) {
    quota += seller.quota_micros;
    bookings += seller.bookings_micros;
  }
  Signal signal{.kind = SignalKind::kQuota, .rule_ids = {"GS-08", "GS-09", "GS-10"}};
  signal.value = ShareEstimate(at_quota, judged, kQuotaSellersMin);
  signal.gates = {FactGate("GS-08", "share_of_sellers_at_quota", kQuotaShare, signal.value),
                  FactGate("GS-09", "share_of_sellers_at_80_percent", kSecondQuotaShare,
                           ShareEstimate(near_quota, judged, kQuotaSellersMin))};
  signal.figures = {{"sellers_judged", judged},
                    {"sellers_at_quota", at_quota},
                    {"sellers_at_80_percent", near_quota},
                    {"quota", Money{quota, currency}},
                    {"bookings", Money{bookings, currency}}};
  signal.status = signal.gates[0].status;
  if (judged == 0) {
    signal.explanation = "No seller has a quota that ended in the period.";
    signal.what_would_change = "Record quotas of sellers; a quota is judged when its span ends.";
    return signal;
  }
  signal.explanation = fmt::format("{} of {} sellers reached their quota, {} reached 80 % of it.",
                                   at_quota, judged, near_quota);
  if (signal.status == SignalStatus::kUnknown) {
    signal.explanation += " Too few sellers to tell.";
    signal.what_would_change = fmt::format("At least {} sellers with a quota.", kQuotaSellersMin);
    return signal;
  }
  const int64_t needed = Needed(kQuotaShare, judged);
  const int64_t needed_near = Needed(kSecondQuotaShare, judged);
  signal.what_would_change = fmt::format(
      "Gate GS-08 needs {} of {} sellers at quota ({:+} now), gate GS-09 needs {} at 80 % ({:+} "
      "now).",
      needed, judged, at_quota - needed, needed_near, near_quota - needed_near);
  if (signal.status == SignalStatus::kAct) {
    signal.explanation +=
        " Ask which it is: the sellers, the product, the market or enablement (GS-10).";
  }
  return signal;
}

}  // namespace gtm::growth::domain
