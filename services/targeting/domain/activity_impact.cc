#include "services/targeting/domain/activity_impact.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "common/core/money.h"

namespace gtm::targeting::domain {
namespace {

constexpr int64_t kDaySeconds = 86'400;
constexpr int64_t kTouchSeconds = kTouchDays * kDaySeconds;
constexpr int64_t kStepSeconds = kStepDays * kDaySeconds;
constexpr int64_t kBandMicropoints = 10'000'000;  // ten points of fit

struct Deal {
  int64_t begin_s = 0;
  std::optional<int64_t> close_s;  // won or lost, and still so at as_of
  bool won = false;
  bool open = false;
  int64_t micros = 0;
  uint32_t sourced_by = kNoActivity;
};

using RatesByStratum = absl::flat_hash_map<uint64_t, Rate>;
using MomentsByStratum = absl::flat_hash_map<uint64_t, Moments>;

// Touched cases of one activity.
struct Sums {
  int64_t touched_targets = 0;
  RatesByStratum creation;
  // The same cases by the stratum that they would have without a touch of this activity: what
  // has to be taken from all cases for the untouched ones.
  RatesByStratum creation_elsewhere;
  RatesByStratum wins;
  MomentsByStratum cycles;
  MomentsByStratum prices;
  int64_t forecast_count = 0;
  int64_t forecast_micros = 0;
  int64_t sourced_count = 0;
};

// All cases, whatever touched them. So an account costs as much time as it has touches, however
// many activities there are.
struct Everything {
  RatesByStratum creation;
  RatesByStratum wins;
  MomentsByStratum cycles;
  MomentsByStratum prices;
};

class Gatherer {
 public:
  Gatherer(const Audience& audience, const book::BookView& view, Activities* activities,
           const TimeSpan& span)
      : audience_(audience),
        view_(view),
        activities_(activities),
        span_(span),
        today_(view.settings().calendar.DayOf(audience.as_of)),
        sums_(activities->size()),
        counts_(activities->size()) {}

  // `row` is a live target.
  Status Add(book::AccountRow row) {
    events_ = view_.engagements_of(row);
    GTM_RETURN_IF_ERROR(ReadDeals(row));
    const auto fit = audience_.fit_micropoints[static_cast<uint32_t>(row)];
    likeness_ = static_cast<uint64_t>(fit / kBandMicropoints) * kSegmentsMax +
                SegmentOf(view_.account(row).segment);
    CountTouches(span_);
    for (const uint32_t i : touched_) ++sums_[i].touched_targets;
    AddSteps();
    for (const Deal& deal : deals_) GTM_RETURN_IF_ERROR(AddDeal(deal));
    return {};
  }

  const std::vector<Sums>& sums() const { return sums_; }
  const Everything& all() const { return all_; }

 private:
  static constexpr uint64_t kSegmentsMax = 1'024;
  static constexpr uint64_t kFitBands = 16;  // 0 to 100 points in tens
  static constexpr uint64_t kOtherBands = 3;

  // Segments beyond the limit share the last number.
  uint64_t SegmentOf(std::string_view segment) {
    const auto at = std::find(segments_.begin(), segments_.end(), segment);
    if (at != segments_.end()) return static_cast<uint64_t>(at - segments_.begin());
    if (segments_.size() < kSegmentsMax) segments_.emplace_back(segment);
    return segments_.size() - 1;
  }

  Status ReadDeals(book::AccountRow row) {
    deals_.clear();
    for (const book::OpportunityRow at : view_.opportunities_of(row)) {
      if (!view_.is_live(at)) continue;
      const book::OpportunityFacts facts = view_.opportunity(at);
      if (book::StageAt(facts, audience_.as_of) == nullptr) continue;
      Deal deal;
      deal.begin_s = BeginOf(facts);
      const auto won = book::WonTime(facts, audience_.as_of);
      const auto lost = book::LostTime(facts, audience_.as_of);
      deal.won = won.has_value();
      if (won || lost) deal.close_s = absl::ToUnixSeconds(won ? *won : *lost);
      deal.open = book::InPipelineAt(facts, audience_.as_of);
      if (const book::AmountChange* amount = book::AmountAt(facts, audience_.as_of)) {
        GTM_ASSIGN_OR_RETURN(const Money money, view_.InReportingCurrency(amount->amount, today_));
        deal.micros = money.micros;
      }
      if (!facts.campaign_id.empty()) deal.sourced_by = activities_->OfCampaign(facts.campaign_id);
      deals_.push_back(deal);
    }
    return {};
  }

  // Touches of each activity in a span into counts_, those that have any into touched_, all of
  // them into total_.
  void CountTouches(const TimeSpan& span) {
    for (const uint32_t i : touched_) counts_[i] = 0;
    touched_.clear();
    total_ = 0;
    for (const book::EngagementEvent& event : TouchesIn(events_, span)) {
      const uint32_t activity = activities_->Of(event);
      if (activity == kNoActivity) continue;
      if (counts_[activity]++ == 0) touched_.push_back(activity);
      ++total_;
    }
  }

  static uint64_t BandOf(int64_t other_touches) {
    if (other_touches == 0) return 0;
    return other_touches <= 2 ? 1 : 2;
  }

  void AddSteps() {
    uint64_t step = 0;
    for (int64_t at_s = span_.begin_s; at_s + kStepSeconds <= span_.end_s;
         at_s += kStepSeconds, ++step) {
      const bool under_way = std::any_of(deals_.begin(), deals_.end(), [&](const Deal& deal) {
        return deal.begin_s < at_s && (!deal.close_s || *deal.close_s >= at_s);
      });
      if (under_way) continue;
      const bool begins = std::any_of(deals_.begin(), deals_.end(), [&](const Deal& deal) {
        return at_s <= deal.begin_s && deal.begin_s < at_s + kStepSeconds;
      });
      CountTouches({at_s - kTouchSeconds, at_s});
      const uint64_t alike = (step * kFitBands * kSegmentsMax + likeness_) * kOtherBands;
      all_.creation[alike + BandOf(total_)].Add(begins);
      for (const uint32_t i : touched_) {
        sums_[i].creation[alike + BandOf(total_ - counts_[i])].Add(begins);
        sums_[i].creation_elsewhere[alike + BandOf(total_)].Add(begins);
      }
    }
  }

  Status AddDeal(const Deal& deal) {
    const bool began_in_span = span_.contains(deal.begin_s);
    if (!began_in_span && !deal.open) return {};
    CountTouches({deal.begin_s - kTouchSeconds, deal.begin_s});
    if (deal.open) {
      for (const uint32_t i : touched_) {
        Sums& sums = sums_[i];
        ++sums.forecast_count;
        GTM_ASSIGN_OR_RETURN(sums.forecast_micros, AddMicros(sums.forecast_micros, deal.micros));
        sums.sourced_count += deal.sourced_by == i;
      }
    }
    if (!began_in_span || !deal.close_s) return {};
    const auto quarter = static_cast<uint64_t>((deal.begin_s - span_.begin_s) / kTouchSeconds);
    const uint64_t alike = quarter * kFitBands * kSegmentsMax + likeness_;
    const double days =
        std::max(1.0, static_cast<double>(*deal.close_s - deal.begin_s) / kDaySeconds);
    const auto add = [&](auto* sums) {
      sums->wins[alike].Add(deal.won);
      if (!deal.won) return;
      sums->cycles[alike].Add(std::log(days));
      if (deal.micros <= 0) return;
      sums->prices[alike].Add(std::log(static_cast<double>(deal.micros) / kMicrosPerUnit));
    };
    add(&all_);
    for (const uint32_t i : touched_) add(&sums_[i]);
    return {};
  }

  const Audience& audience_;
  const book::BookView& view_;
  Activities* activities_;
  const TimeSpan span_;
  const absl::CivilDay today_;
  std::vector<Sums> sums_;
  Everything all_;
  std::vector<std::string> segments_;
  // Of the account at hand.
  std::span<const book::EngagementEvent> events_;
  std::vector<Deal> deals_;
  uint64_t likeness_ = 0;
  std::vector<int64_t> counts_;
  std::vector<uint32_t> touched_;
  int64_t total_ = 0;
};

// Touched against untouched: all less `taken`, which holds the touched cases where they are
// counted among all. Strata by rising number, so that the same cases give the same bytes.
template <class Pool, class Values>
Pooled Compare(const absl::flat_hash_map<uint64_t, Values>& touched,
               const absl::flat_hash_map<uint64_t, Values>& taken,
               const absl::flat_hash_map<uint64_t, Values>& all) {
  std::vector<uint64_t> strata;
  strata.reserve(touched.size());
  for (const auto& [stratum, values] : touched) strata.push_back(stratum);
  std::sort(strata.begin(), strata.end());
  Pool pool;
  for (const uint64_t stratum : strata) {
    const auto found = all.find(stratum);
    if (found == all.end()) continue;
    Values untouched = found->second;
    if (const auto part = taken.find(stratum); part != taken.end()) {
      untouched.Subtract(part->second);
    }
    pool.AddStratum(touched.find(stratum)->second, untouched);
  }
  return pool.Compare();
}

ImpactTest TestOf(const Pooled& pooled, bool is_ratio) {
  ImpactTest test;
  test.touched_count = pooled.touched_count;
  test.untouched_count = pooled.untouched_count;
  test.tested = pooled.touched_count >= kCompareMin && pooled.untouched_count >= kCompareMin;
  if (!test.tested) return test;
  const auto shown = [is_ratio](double x) { return is_ratio ? std::exp(x) : x; };
  test.touched_value = shown(pooled.touched_value);
  test.untouched_value = shown(pooled.untouched_value);
  test.value = shown(pooled.difference);
  test.interval = {shown(pooled.interval.low), shown(pooled.interval.high)};
  test.p_value = pooled.p_value;
  return test;
}

ActivityImpact ImpactOf(uint32_t activity, const Sums& sums, const Everything& all) {
  ActivityImpact out;
  out.activity = activity;
  out.touched_targets = sums.touched_targets;
  out.by_measure[0] =
      TestOf(Compare<PooledRates>(sums.creation, sums.creation_elsewhere, all.creation), false);
  out.by_measure[1] = TestOf(Compare<PooledRates>(sums.wins, sums.wins, all.wins), false);
  out.by_measure[2] = TestOf(Compare<PooledMeans>(sums.cycles, sums.cycles, all.cycles), true);
  out.by_measure[3] = TestOf(Compare<PooledMeans>(sums.prices, sums.prices, all.prices), true);
  const ImpactTest& creation = out.by_measure[0];
  const auto cases = static_cast<double>(creation.touched_count);
  out.extra_opportunities = creation.value * cases;
  out.extra_interval = {creation.interval.low * cases, creation.interval.high * cases};
  out.forecast_count = sums.forecast_count;
  out.forecast_micros = sums.forecast_micros;
  out.sourced_count = sums.sourced_count;
  return out;
}

void FillFalseDiscoveryRates(std::vector<ActivityImpact>* impacts) {
  std::vector<double> p_values;
  for (const ActivityImpact& impact : *impacts) {
    for (const ImpactTest& test : impact.by_measure) {
      if (test.tested) p_values.push_back(test.p_value);
    }
  }
  const std::vector<double> q_values = FalseDiscoveryRates(p_values);
  size_t next = 0;
  for (ActivityImpact& impact : *impacts) {
    for (ImpactTest& test : impact.by_measure) {
      if (test.tested) test.q_value = q_values[next++];
    }
  }
}

bool Before(const ActivityImpact& a, const ActivityImpact& b) {
  const bool a_tested = a.of(ImpactMeasure::kCreation).tested;
  const bool b_tested = b.of(ImpactMeasure::kCreation).tested;
  if (a_tested != b_tested) return a_tested;
  if (a_tested && a.extra_interval.low != b.extra_interval.low) {
    return a.extra_interval.low > b.extra_interval.low;
  }
  if (a.forecast_micros != b.forecast_micros) return a.forecast_micros > b.forecast_micros;
  return a.activity < b.activity;
}

}  // namespace

Result<std::vector<ActivityImpact>> RankActivities(const Audience& audience,
                                                   const book::BookView& view,
                                                   Activities* activities, const TimeSpan& span,
                                                   const CheckAlive& check_alive) {
  constexpr uint32_t kTargetsBetweenChecks = 256;
  Gatherer gatherer(audience, view, activities, span);
  for (uint32_t i = 0; i < view.account_row_count(); ++i) {
    if (i % kTargetsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::AccountRow>(i);
    if (view.is_live(row) && audience.is_target(row)) GTM_RETURN_IF_ERROR(gatherer.Add(row));
  }
  const std::vector<Sums>& sums = gatherer.sums();
  std::vector<ActivityImpact> impacts;
  for (size_t i = 0; i < sums.size(); ++i) {
    if (sums[i].touched_targets == 0 && sums[i].forecast_count == 0) continue;
    impacts.push_back(ImpactOf(static_cast<uint32_t>(i), sums[i], gatherer.all()));
  }
  FillFalseDiscoveryRates(&impacts);
  std::sort(impacts.begin(), impacts.end(), Before);
  return impacts;
}

}  // namespace gtm::targeting::domain
