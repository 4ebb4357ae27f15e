#include "services/forecasting/domain/data_quality.h"

#include "fmt/format.h"
#include "services/forecasting/domain/coverage.h"

namespace gtm::forecasting::domain {
namespace {

struct Counted {
  int64_t count = 0;
  int64_t micros = 0;
  void Add(const Deal& deal) {
    ++count;
    micros = AddClamped(micros, deal.amount_micros.value_or(0));
  }
};

std::string Text(absl::CivilDay day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year(), day.month(), day.day());
}

}  // namespace

std::vector<Warning> FindWarnings(const DealTable& table, const Model& model,
                                  const std::vector<LevelBreak>& breaks, const Selection& selection,
                                  bool has_target) {
  Counted open, stale, missing, overdue;
  for (const Deal& deal : table.deals) {
    if (deal.outcome != Outcome::kOpen || !selection.Holds(deal)) continue;
    open.Add(deal);
    if (IsStale(table, model.close, deal)) stale.Add(deal);
    if (!deal.amount_micros) missing.Add(deal);
    if (deal.expected_close_day && *deal.expected_close_day < table.today) overdue.Add(deal);
  }
  const auto share = [&](const Counted& part) {
    return open.count == 0 ? 0.0
                           : static_cast<double>(part.count) / static_cast<double>(open.count);
  };
  const auto money = [&](const Counted& part) {
    return Format(Money{part.micros, table.currency});
  };
  std::vector<Warning> warnings;
  if (stale.count > 0) {
    warnings.push_back(
        {WarningType::kStalePipeline,
         fmt::format("{} of {} open opportunities ({}) are older than {} days, at which age none "
                     "has ever closed; they count as almost nothing: close or revive them",
                     stale.count, open.count, money(stale), model.close.oldest_closed_age),
         stale.count, stale.micros, share(stale)});
  }
  if (model.close.truncated_before > 0) {
    warnings.push_back(
        {WarningType::kLeftTruncation,
         fmt::format("no opportunity that closed before {} is recorded, though many must have; "
                     "rates are learned from that day on",
                     Text(DayAt(model.close.truncated_before)))});
  }
  if (missing.count > 0) {
    warnings.push_back({WarningType::kMissingAmount,
                        fmt::format("{} of {} open opportunities have no amount; they count with "
                                    "the average of past ones",
                                    missing.count, open.count),
                        missing.count, std::nullopt, share(missing)});
  }
  if (table.unknown_stage_count > 0) {
    warnings.push_back({WarningType::kUnknownStage,
                        fmt::format("{} stage entries name a stage that the tenant settings do "
                                    "not know; they count as open",
                                    table.unknown_stage_count),
                        table.unknown_stage_count});
  }
  if (!HasEnoughHistory(model.close)) {
    warnings.push_back(
        {WarningType::kShortHistory,
         fmt::format("{} won and {} lost opportunities are too few to judge a close rate from "
                     "(at least {} closed, {} of them won); the interval is wide",
                     model.close.won_count, model.close.lost_count, kClosedCountMin, kWonCountMin),
         model.close.won_count + model.close.lost_count});
  }
  if (!has_target) {
    warnings.push_back({WarningType::kNoTarget,
                        "no target is given and no quota covers the period: set "
                        "target_amount or record the sellers' quotas"});
  }
  if (overdue.count > 0) {
    warnings.push_back({WarningType::kOverdueCloseDate,
                        fmt::format("{} of {} open opportunities ({}) expect to close on a day "
                                    "that has passed",
                                    overdue.count, open.count, money(overdue)),
                        overdue.count, overdue.micros, share(overdue)});
  }
  // A selection has too few deals of its own: breaks are those of the whole tenant.
  for (const LevelBreak& found : breaks) {
    warnings.push_back({WarningType::kRegimeChange, found.Message()});
  }
  for (const FieldLeak& leak : table.leaks) {
    warnings.push_back({WarningType::kFieldLeak, leak.Message(), leak.blank_count});
  }
  return warnings;
}

std::vector<Warning> FindWarnings(const DealTable& table, const Model& model,
                                  const Selection& selection, bool has_target) {
  return FindWarnings(table, model, FindLevelBreaks(History(table)), selection, has_target);
}

}  // namespace gtm::forecasting::domain
