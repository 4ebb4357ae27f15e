#include "services/forecasting/domain/bookings_distribution.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "services/forecasting/domain/deals.h"

namespace gtm::forecasting::domain {
namespace {

// Atoms of what a new win brings, and their limit before they are pooled.
constexpr size_t kNewAtomsMax = 128;
// A chance that is not certain is told as no less than this, and no more than one minus it.
constexpr double kChanceMin = 1e-6;
// Ranges that are tried until the range holds the quantiles and not much more.
constexpr int kRangesMax = 12;
// The share that must lie within the range.
constexpr double kRangeShare = 0.975;
// A deal whose transform comes so near to 0 cannot be divided out.
constexpr double kDivisorMin = 1e-6;  // of its square
// Changes at a time that are worth dividing out, and the share that the old range must
// still hold.
constexpr size_t kChangesMax = 64;
constexpr double kRangeKeptShare = 0.96;
// Frequencies, in standard deviations, at which a smooth transform has ended.
constexpr double kEndSize = 9;
// New wins in all are never more: as the draws.
constexpr double kNewWinsMax = 1e6;

bool IsConstant(const NodeValues& values) {
  return std::all_of(values.begin(), values.end(), [&](double v) { return v == values[0]; });
}

// Steps are resolved the finer the fewer deals make them.
int TermsFor(size_t deal_count) {
  if (deal_count == 0) return 160;  // new deals alone, which differ in amount
  return std::clamp(static_cast<int>(4096 / deal_count) / kLanes * kLanes, 160,
                    Inversion::kTermsMax);
}

}  // namespace

struct BookingsDistribution::Parts {
  // What is kept of a block of frequencies.
  struct Block {
    Points points;
    std::vector<Atom> factors;           // of the ratio level
    std::vector<Atom> ratios;            // that stood for a deal's own ratio
    std::vector<Frequencies> open;       // [factor * node count + node]
    std::vector<Frequencies> new_deals;  // [node], the level integrated out
  };
  explicit Parts(BookingsInput source);
  std::vector<Atom> ChooseNodes() const;
  Totals Total(const std::vector<OpenSum::Moments>& open_moments) const;
  void AddNew(const Points& points, std::vector<Frequencies>* by_node) const;
  // The transform, all factors integrated out. Empty where a deal that is gone cannot be
  // divided out.
  std::optional<Frequencies> Combine(const Block& block, const DealChanges& changes) const;
  Block Compute(const Points& points) const;
  Frequencies At(const Points& points, bool keeps);
  std::vector<OpenSum::Moments> MomentsWith(const DealChanges& changes) const;
  BookingsInput InputWith(const DealChanges& changes) const;
  bool IsStepwise() const;
  StepSum Steps() const;
  double chance_at(const NodeValues& chances, size_t node) const {
    return std::clamp(Interpolate(chances, nodes[node].value), 0.0, 1.0);
  }

  BookingsInput input;
  size_t deal_count = 0;
  double new_mean = 0, new_square = 0, new_largest = 0;  // of one new win
  std::vector<Atom> nodes;                               // of z
  std::vector<double> new_wins;                          // by node
  std::optional<OpenSum> open;
  Totals totals;
  double open_scale = 0, new_scale = 0;  // typical sums, for the turn of their factors
  double prepared_size = 0;
  std::vector<Block> blocks;
};

BookingsDistribution::Parts::Parts(BookingsInput source) : input(std::move(source)) {
  for (const Atom& atom : input.new_amounts) {
    new_mean += atom.weight * atom.value;
    new_square += atom.weight * atom.value * atom.value;
    new_largest = std::max(new_largest, atom.value);
  }
  input.new_amounts = Condense(std::move(input.new_amounts), kNewAtomsMax);
  for (double& wins : input.new_wins) {
    wins = input.new_amounts.empty() ? 0 : std::clamp(wins, 0.0, kNewWinsMax);
  }
  for (const OpenClass& c : input.open) deal_count += c.amounts.size();
  nodes = ChooseNodes();
  for (const Atom& node : nodes) new_wins.push_back(Interpolate(input.new_wins, node.value));
  open.emplace(input.open, input.ratios, nodes);
  totals = Total(open->moments());
  for (size_t n = 0; n < nodes.size(); ++n) {
    open_scale += nodes[n].weight * open->moments()[n].mean;
    new_scale += nodes[n].weight * new_wins[n] * new_mean;
  }
  open_scale = std::max(open_scale, open->largest_amount());
  new_scale = std::max(new_scale, new_largest);
}

// More nodes where the common factor makes more of the spread.
std::vector<Atom> BookingsDistribution::Parts::ChooseNodes() const {
  if (IsConstant(input.new_wins) &&
      std::all_of(input.open.begin(), input.open.end(),
                  [](const OpenClass& c) { return IsConstant(c.chances); })) {
    return {{0, 1}};
  }
  NodeValues mean{}, own{};
  for (const OpenClass& c : input.open) {
    double sum = 0, square = 0;
    for (const double amount : c.amounts) {
      sum += amount;
      square += amount * amount;
    }
    for (size_t k = 0; k < kNodeCount; ++k) {
      mean[k] += c.chances[k] * sum;
      own[k] += c.chances[k] * (1 - c.chances[k]) * square;
    }
  }
  NodeValues square{};
  for (size_t k = 0; k < kNodeCount; ++k) {
    mean[k] += input.new_wins[k] * new_mean;
    own[k] += input.new_wins[k] * new_square;
    square[k] = mean[k] * mean[k];
  }
  const double center = NormalMean(mean);
  const double shared = std::max(0.0, NormalMean(square) - center * center);
  const double share = std::sqrt(shared / std::max(shared + NormalMean(own), 1e-300));
  return NormalNodes(share < 0.1 ? 2 : share < 0.3 ? 3 : share < 0.6 ? 4 : share < 0.85 ? 5 : 6);
}

BookingsDistribution::Totals BookingsDistribution::Parts::Total(
    const std::vector<OpenSum::Moments>& open_moments) const {
  const double shape = input.new_count_shape;
  const double ratio_square = std::exp(input.ratio_spread * input.ratio_spread);
  const double level_square = std::exp(input.new_amount_spread * input.new_amount_spread);
  Totals total;
  total.nothing = 0;
  double square = 0;
  for (size_t n = 0; n < nodes.size(); ++n) {
    const double weight = nodes[n].weight, wins = new_wins[n];
    const OpenSum::Moments& one = open_moments[n];
    const double fresh = wins * new_mean;
    total.mean += weight * (one.mean + fresh);
    square += weight * (ratio_square * (one.variance + one.mean * one.mean) +
                        level_square *
                            (wins * new_square + fresh * fresh * (shape > 0 ? 1 + 1 / shape : 1)) +
                        2 * one.mean * fresh);
    const double none = shape > 0 ? std::exp(-shape * std::log1p(wins / shape)) : std::exp(-wins);
    total.nothing += weight * one.nothing * none;
  }
  total.variance = std::max(0.0, square - total.mean * total.mean);
  return total;
}

bool BookingsDistribution::Parts::IsStepwise() const {
  return input.ratio_spread <= 0 &&
         StepSum::Fits(deal_count, std::max<size_t>(1, input.ratios.size())) &&
         std::all_of(new_wins.begin(), new_wins.end(), [](double wins) { return wins <= 0; });
}

StepSum BookingsDistribution::Parts::Steps() const {
  std::vector<StepDeal> deals;
  for (const OpenClass& c : input.open) {
    for (const double amount : c.amounts) {
      StepDeal& deal = deals.emplace_back(StepDeal{amount, {}});
      for (size_t n = 0; n < nodes.size(); ++n) deal.chances.push_back(chance_at(c.chances, n));
    }
  }
  return {deals, input.ratios.empty() ? std::vector<Atom>{{1, 1}} : input.ratios, nodes};
}

// The transform of new deals by node of z, their level integrated out.
void BookingsDistribution::Parts::AddNew(const Points& points,
                                         std::vector<Frequencies>* by_node) const {
  by_node->assign(nodes.size(), Constant(0));
  if (input.new_amounts.empty()) {
    by_node->assign(nodes.size(), Constant(1));
    return;
  }
  const double shape = input.new_count_shape;
  const std::vector<Atom> levels =
      LogNormalNodes(input.new_amount_spread, input.new_amount_spread * points.size() * new_scale);
  for (const Atom& level : levels) {
    const Frequencies one = AmountTransform(level.value, input.new_amounts, points);
    for (size_t n = 0; n < nodes.size(); ++n) {
      Frequencies f = Constant(0);
      AddInto(f, new_wins[n], one);
      if (shape > 0) GammaLogInto(shape, f);
      ExpInto(f);
      AddInto((*by_node)[n], level.weight, f);
    }
  }
}

BookingsDistribution::Parts::Block BookingsDistribution::Parts::Compute(
    const Points& points) const {
  Block block;
  block.points = points;
  block.factors =
      LogNormalNodes(input.ratio_spread, input.ratio_spread * points.size() * open_scale);
  block.ratios = open->few_ratios();
  if (deal_count == 0) block.factors = {{1, 1}};
  block.open.resize(block.factors.size() * nodes.size());
  for (size_t q = 0; q < block.factors.size(); ++q) {
    open->At(points, block.factors[q].value,
             std::span(block.open).subspan(q * nodes.size(), nodes.size()));
  }
  AddNew(points, &block.new_deals);
  return block;
}

std::optional<Frequencies> BookingsDistribution::Parts::Combine(const Block& block,
                                                                const DealChanges& changes) const {
  std::vector<Frequencies> by_node(nodes.size(), Constant(0));
  for (size_t q = 0; q < block.factors.size(); ++q) {
    const auto transform_of = [&](const DealInSum& deal) {
      return AmountTransform(deal.amount * block.factors[q].value, block.ratios, block.points);
    };
    std::vector<Frequencies> gone, added;
    for (const DealInSum& deal : changes.gone) gone.push_back(transform_of(deal));
    for (const DealInSum& deal : changes.added) added.push_back(transform_of(deal));
    for (size_t n = 0; n < nodes.size(); ++n) {
      Frequencies open_deals = block.open[q * nodes.size() + n];
      for (size_t d = 0; d < gone.size(); ++d) {
        Frequencies one = Constant(1);
        MultiplyByDeal(one, chance_at(changes.gone[d].chances, n), gone[d]);
        for (int i = 0; i < kLanes; ++i) {
          if (one.re[i] * one.re[i] + one.im[i] * one.im[i] < kDivisorMin) return std::nullopt;
        }
        DivideInto(open_deals, one);
      }
      for (size_t d = 0; d < added.size(); ++d) {
        MultiplyByDeal(open_deals, chance_at(changes.added[d].chances, n), added[d]);
      }
      AddInto(by_node[n], block.factors[q].weight, open_deals);
    }
  }
  Frequencies total = Constant(0);
  for (size_t n = 0; n < nodes.size(); ++n) {
    MultiplyInto(by_node[n], block.new_deals[n]);
    AddInto(total, nodes[n].weight, by_node[n]);
  }
  return total;
}

std::vector<OpenSum::Moments> BookingsDistribution::Parts::MomentsWith(
    const DealChanges& changes) const {
  std::vector<OpenSum::Moments> moments = open->moments();
  const auto add = [&](const DealInSum& deal, double sign) {
    for (size_t n = 0; n < nodes.size(); ++n) {
      const double p = std::min(chance_at(deal.chances, n), 1 - 1e-12);
      moments[n].mean += sign * p * deal.amount;
      moments[n].variance += sign * (p * open->ratio_square() - p * p) * deal.amount * deal.amount;
      if (deal.amount > 0) moments[n].nothing *= sign > 0 ? 1 - p : 1 / (1 - p);
    }
  };
  for (const DealInSum& deal : changes.gone) add(deal, -1);
  for (const DealInSum& deal : changes.added) add(deal, 1);
  return moments;
}

BookingsInput BookingsDistribution::Parts::InputWith(const DealChanges& changes) const {
  BookingsInput result = input;
  for (const DealInSum& deal : changes.gone) {
    for (OpenClass& c : result.open) {
      const auto it = std::find(c.amounts.begin(), c.amounts.end(), deal.amount);
      if (c.chances != deal.chances || it == c.amounts.end()) continue;
      c.amounts.erase(it);
      break;
    }
  }
  for (const DealInSum& deal : changes.added) result.open.push_back({deal.chances, {deal.amount}});
  return result;
}

Frequencies BookingsDistribution::Parts::At(const Points& points, bool keeps) {
  // Three standard deviations of the level are still exact.
  const double size = points.size() * std::exp(3 * input.ratio_spread);
  if (size > prepared_size) {
    // A smooth distribution needs no frequency beyond the second.
    prepared_size =
        prepared_size > 0 ? 2 * size : std::max(size, kEndSize / std::sqrt(totals.variance));
    open->PrepareFor(prepared_size);
  }
  Block block = Compute(points);
  const Frequencies result = *Combine(block, {});
  if (keeps) blocks.push_back(std::move(block));
  return result;
}

BookingsDistribution::BookingsDistribution(BookingsInput input, bool keeps) {
  auto parts = std::make_shared<Parts>(std::move(input));
  const auto transform = [&](const Points& points) { return parts->At(points, keeps); };
  const Totals& totals = parts->totals;
  if (parts->IsStepwise()) {
    steps_ = parts->Steps();
    totals_ = totals;
    parts_ = std::move(parts);
    return;
  }
  double range = totals.mean + 5 * std::sqrt(totals.variance);
  bool grown = false;
  for (int i = 0; i < kRangesMax && range > 0; ++i) {
    parts->prepared_size = 0;
    parts->blocks.clear();
    inversion_ = Inversion(transform, totals.nothing, range, TermsFor(parts->deal_count));
    if (totals.nothing > kRangeShare) break;
    if (inversion_.ChanceUpTo(inversion_.end()) < kRangeShare) {
      range *= 2.5;
      grown = true;
      continue;
    }
    const double high = inversion_.Quantile(0.95);
    if (grown || !(high > 0) || high > range / 8) break;
    range = 4 * high;
  }
  totals_ = totals;
  parts_ = std::move(parts);
}

BookingsDistribution BookingsDistribution::With(DealChanges changes) const {
  BookingsDistribution result;
  result.parts_ = parts_;
  result.totals_ = parts_->Total(parts_->MomentsWith(changes));
  const int terms = TermsFor(parts_->deal_count);
  size_t next = 0;
  bool divides = changes.gone.size() + changes.added.size() <= kChangesMax;
  const auto transform = [&](const Points& points) {
    std::optional<Frequencies> f;
    if (next < parts_->blocks.size()) {
      f = parts_->Combine(parts_->blocks[next++], changes);
    } else {
      f = parts_->Combine(parts_->Compute(points), changes);
    }
    divides &= f.has_value();
    return f.value_or(Constant(0));
  };
  if (divides && inversion_.range() > 0) {
    result.inversion_ = Inversion(transform, result.totals_.nothing, inversion_.range(), terms);
  }
  // A range that no longer fits, or a deal that cannot be divided out: all anew.
  if (!divides || inversion_.range() <= 0 ||
      (result.inversion_.ChanceUpTo(inversion_.end()) < kRangeKeptShare)) {
    return BookingsDistribution(parts_->InputWith(changes));
  }
  result.changes_ = std::move(changes);
  return result;
}

BookingsDistribution::~BookingsDistribution() = default;
BookingsDistribution::BookingsDistribution(BookingsDistribution&&) noexcept = default;
BookingsDistribution& BookingsDistribution::operator=(BookingsDistribution&&) noexcept = default;

double BookingsDistribution::mean() const { return totals_.mean; }
double BookingsDistribution::standard_deviation() const { return std::sqrt(totals_.variance); }

double BookingsDistribution::ChanceUpTo(double x) const {
  if (steps_) return steps_->ChanceUpTo(x);
  if (x <= inversion_.end() || inversion_.end() <= 0) return inversion_.ChanceUpTo(x);
  // Behind the range: a series of its own, for smaller frequencies than any before.
  const Inversion wide(
      [&](const Points& points) {
        // Divided out before, or nothing is changed.
        return parts_->Combine(parts_->Compute(points), changes_).value_or(Constant(0));
      },
      totals_.nothing, x * 1.25, TermsFor(parts_->deal_count));
  return wide.ChanceUpTo(x);
}

double BookingsDistribution::Quantile(double p) const {
  return steps_ ? steps_->Quantile(p) : inversion_.Quantile(p);
}

DrawSummary BookingsDistribution::Summarize(int64_t base) const {
  double last = 0;
  const auto quantile = [&](double p) {
    last = std::max(last, Quantile(p));
    return AddClamped(base, RoundClamped(last));
  };
  DrawSummary summary;
  summary.p05 = quantile(0.05);
  summary.p10 = quantile(0.10);
  summary.p25 = quantile(0.25);
  summary.p50 = quantile(0.50);
  summary.p75 = quantile(0.75);
  summary.p90 = quantile(0.90);
  summary.p95 = quantile(0.95);
  summary.standard_deviation = RoundClamped(standard_deviation());
  return summary;
}

double BookingsDistribution::ChanceToReach(double amount) const {
  // Reached exactly counts: steps lie at whole micros.
  return std::clamp(1 - ChanceUpTo(amount - 0.5), kChanceMin, 1 - kChanceMin);
}

}  // namespace gtm::forecasting::domain
