#include "services/targeting/domain/test_scorecard_learn.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common/stats/scale_logit.h"

namespace gtm::targeting::domain {
namespace {

constexpr int kFolds = 10;
constexpr int kBlocks = 4;
constexpr double kTeachOnlyShare = 0.4;
constexpr size_t kSideMin = 10;  // won, and lost, that a card is learned from

// Cases held back together, and those that may teach about them.
struct Split {
  std::vector<uint32_t> teach;
  std::vector<uint32_t> held_back;
};

std::vector<uint32_t> AllRows(const LearnTable& table) {
  std::vector<uint32_t> rows(table.row_count());
  std::iota(rows.begin(), rows.end(), 0U);
  return rows;
}

std::vector<Split> SplitByTime(const LearnTable& table) {
  std::vector<uint32_t> order = AllRows(table);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return table.start_day[a] < table.start_day[b]; });
  std::vector<Split> splits;
  const auto n = static_cast<double>(order.size());
  for (int block = 0; block < kBlocks; ++block) {
    const double width = (1 - kTeachOnlyShare) / kBlocks;
    const auto begin = static_cast<size_t>(n * (kTeachOnlyShare + width * block));
    const size_t end = block + 1 == kBlocks
                           ? order.size()
                           : static_cast<size_t>(n * (kTeachOnlyShare + width * (block + 1)));
    Split split;
    for (size_t i = 0; i < begin; ++i) {
      if (table.outcome_day[order[i]] < table.start_day[order[begin]]) {
        split.teach.push_back(order[i]);
      }
    }
    split.held_back.assign(order.begin() + static_cast<ptrdiff_t>(begin),
                           order.begin() + static_cast<ptrdiff_t>(end));
    splits.push_back(std::move(split));
  }
  return splits;
}

std::vector<Split> SplitByFolds(const LearnTable& table, uint64_t seed) {
  const std::vector<uint32_t> rows = AllRows(table);
  const std::vector<int> folds = FoldsOf(table, rows, kFolds, seed);
  std::vector<Split> splits(kFolds);
  for (const uint32_t row : rows) {
    for (int f = 0; f < kFolds; ++f) {
      Split& split = splits[static_cast<size_t>(f)];
      (folds[row] == f ? split.held_back : split.teach).push_back(row);
    }
  }
  return splits;
}

bool CanTeach(const LearnTable& table, const std::vector<uint32_t>& rows) {
  const auto wins = static_cast<size_t>(
      std::count_if(rows.begin(), rows.end(), [&](uint32_t row) { return table.won[row] != 0; }));
  return wins >= kSideMin && rows.size() - wins >= kSideMin;
}

// Points of the rows, on the scale of what happened to them.
stats::LogitScale ScaleOf(const LearnTable& table, const std::vector<uint32_t>& rows,
                          const std::vector<double>& scores) {
  std::vector<double> of_rows;
  std::vector<uint8_t> won;
  for (const uint32_t row : rows) {
    of_rows.push_back(scores[row]);
    won.push_back(table.won[row]);
  }
  return stats::FitLogitScale(of_rows, won);
}

void Measure(const LearnTable& table, const std::vector<Split>& splits, const LearnOptions& options,
             Learned* learned) {
  const LearningCases cases = CasesOf(table);
  std::vector<Told> card, draft, agreed;
  std::vector<double> base;
  for (size_t s = 0; s < splits.size(); ++s) {
    const Split& split = splits[s];
    if (!CanTeach(table, split.teach)) continue;
    const Selection selection = SelectScorecard(table, split.teach, {options.seed, true});
    const std::vector<double> scores = PointsOf(DefinitionOf(selection.card, cases, {}), table);
    const stats::LogitScale scale = CurveOfCard(selection.card, table, split.teach, scores);
    const bool has_agreed = !options.agreed_scores.empty();
    const stats::LogitScale agreed_scale =
        has_agreed ? ScaleOf(table, split.teach, options.agreed_scores) : stats::LogitScale();
    double wins = 0;
    for (const uint32_t row : split.teach) wins += table.won[row];
    for (const uint32_t row : split.held_back) {
      const uint8_t won = table.won[row];
      card.push_back({selection.card.Chance(table, row), won, static_cast<uint16_t>(s)});
      draft.push_back({scale.Chance(scores[row]), won, static_cast<uint16_t>(s)});
      if (has_agreed)
        agreed.push_back(
            {agreed_scale.Chance(options.agreed_scores[row]), won, static_cast<uint16_t>(s)});
      base.push_back(wins / static_cast<double>(split.teach.size()));
    }
  }
  learned->card = MeasureSkill(card, base);
  learned->draft = MeasureSkill(draft, base);
  if (agreed.empty()) return;
  learned->agreed = MeasureSkill(agreed, base);
  learned->draft_against_agreed = CompareSkill(draft, agreed);
}

void EraseRefused(const LearnOptions& options, LearnTable* table, Learned* learned) {
  for (ColumnLeak& leak : learned->leaks) {
    if (!options.is_vouched.empty() && options.is_vouched[leak.column] != 0) leak.refused = false;
    if (!leak.refused) continue;
    // Stays in its place, so that positions keep their meaning, but says nothing.
    LearnColumn& column = table->columns[leak.column];
    std::fill(column.numbers.begin(), column.numbers.end(), NAN);
    std::fill(column.codes.begin(), column.codes.end(), kMissingWord);
  }
}

}  // namespace

LearningCases CasesOf(const LearnTable& table) {
  LearningCases cases;
  cases.table = table;
  for (const LearnColumn& column : table.columns) {
    cases.attributes.push_back({column.name, column.listed_word, false});
  }
  return cases;
}

std::vector<double> PointsOf(const LearnedDefinition& definition, const LearnTable& table) {
  if (definition.spec.account_criteria.empty()) return std::vector<double>(table.row_count(), 0);
  const auto evaluator =
      criteria::Evaluator::Compile(definition.spec.account_criteria, "criteria").value();
  std::vector<const LearnColumn*> columns;
  for (const std::string_view input : criteria::InputsOf(evaluator.criteria())) {
    columns.push_back(&*std::find_if(table.columns.begin(), table.columns.end(),
                                     [&](const auto& column) { return column.name == input; }));
  }
  std::vector<double> points;
  std::vector<criteria::Value> values(columns.size());
  for (size_t row = 0; row < table.row_count(); ++row) {
    for (size_t k = 0; k < columns.size(); ++k) {
      const LearnColumn& column = *columns[k];
      values[k] = column.is_missing(row) ? criteria::Value()
                  : column.is_number()   ? criteria::Value::Number(column.numbers[row])
                                         : criteria::Value::Word(column.words[column.codes[row]]);
    }
    points.push_back(static_cast<double>(evaluator.Score(values)) / criteria::kMicropointsPerPoint);
  }
  return points;
}

Learned LearnScorecard(LearnTable table, const LearnOptions& options) {
  Learned learned;
  for (const uint8_t won : table.won) ++(won != 0 ? learned.won_count : learned.lost_count);
  learned.by_time = !table.start_day.empty();
  if (learned.won_count < kLearnOutcomesMin || learned.lost_count < kLearnOutcomesMin) {
    return learned;
  }
  learned.leaks = FindColumnLeaks(table, options.open_blanks);
  EraseRefused(options, &table, &learned);
  Measure(table, learned.by_time ? SplitByTime(table) : SplitByFolds(table, options.seed), options,
          &learned);
  if (learned.card.count == 0) return learned;
  const bool has_signal = HasSignal(learned.card);
  learned.verdict = has_signal ? LearnVerdict::kLearned : LearnVerdict::kNoSignal;
  if (!has_signal) return learned;
  const std::vector<uint32_t> rows = AllRows(table);
  learned.selection = SelectScorecard(table, rows, {options.seed, true});
  learned.definition = DefinitionOf(learned.selection->card, CasesOf(table), {});
  return learned;
}

}  // namespace gtm::targeting::domain
