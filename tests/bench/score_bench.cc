// Scoring of columns against a plain pass over the same bytes: the limit is memory.
#include <benchmark/benchmark.h>

#include <numeric>

#include "common/core/random.h"
#include "common/criteria/criteria.h"

namespace gtm::criteria {
namespace {

constexpr int kCriteria = 12;

std::vector<Criterion> Definition() {
  std::vector<Criterion> criteria;
  for (int c = 0; c < kCriteria; ++c) {
    Bands bands;
    for (int b = 0; b < 4; ++b) {
      Band band;
      band.min = b * 25.0;
      band.max = (b + 1) * 25.0;
      band.share_bps = b * 2'500 + 2'500;
      bands.bands.push_back(band);
    }
    Criterion criterion;
    criterion.id = "c" + std::to_string(c);
    criterion.attribute = "account.custom_number." + criterion.id;
    criterion.weight = c + 1;
    criterion.rule = bands;
    criteria.push_back(criterion);
  }
  return criteria;
}

std::vector<std::vector<double>> Columns(size_t rows) {
  Random random(1);
  std::vector<std::vector<double>> columns(kCriteria, std::vector<double>(rows));
  for (auto& column : columns) {
    for (double& value : column) value = 100 * random.Uniform();
  }
  return columns;
}

void BM_ScoreRows(benchmark::State& state) {
  const auto rows = static_cast<size_t>(state.range(0));
  const auto data = Columns(rows);
  const Evaluator evaluator = *Evaluator::Compile(Definition(), "criteria");
  std::vector<Column> columns(kCriteria);
  for (int c = 0; c < kCriteria; ++c) columns[c].numbers = data[c];
  std::vector<int64_t> scores(rows);
  for (auto _ : state) {
    evaluator.ScoreRows(columns, scores);
    benchmark::DoNotOptimize(scores.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BM_PlainPassOverTheSameBytes(benchmark::State& state) {
  const auto data = Columns(static_cast<size_t>(state.range(0)));
  for (auto _ : state) {
    double sum = 0;
    for (const auto& column : data) sum = std::accumulate(column.begin(), column.end(), sum);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void BM_ExplainOneAccount(benchmark::State& state) {
  const Evaluator evaluator = *Evaluator::Compile(Definition(), "criteria");
  std::vector<Value> values;
  for (int c = 0; c < kCriteria; ++c) values.push_back(Value::Number(c * 8.0));
  for (auto _ : state) benchmark::DoNotOptimize(evaluator.Explain(values));
}

BENCHMARK(BM_ScoreRows)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_PlainPassOverTheSameBytes)->Arg(1'000'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_ExplainOneAccount);

}  // namespace
}  // namespace gtm::criteria
