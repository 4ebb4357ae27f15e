// A Book of the demo company: applying records, against only parsing and copying them.
#include <benchmark/benchmark.h>

#include "common/book/book.h"
#include "services/gtm/demo/company.h"

namespace gtm::book {
namespace {

std::vector<Book::Change> DemoChanges(int accounts) {
  std::vector<Book::Change> changes;
  const demo::Options options{
      .seed = 1, .account_count = accounts, .today = absl::CivilDay(2026, 8, 20)};
  demo::Generate(options, demo::Truth{}, [&](records::v1::Record record) {
    changes.push_back({std::move(record), false});
  });
  return changes;
}

void BM_ApplyRecords(benchmark::State& state) {
  const auto changes = DemoChanges(static_cast<int>(state.range(0)));
  int64_t bytes = 0;
  for (auto _ : state) {
    Book book;
    for (size_t at = 0; at < changes.size(); at += 1'000) {
      const size_t end = std::min(changes.size(), at + 1'000);
      book.Apply(
          {changes.begin() + static_cast<int64_t>(at), changes.begin() + static_cast<int64_t>(end)},
          "e", static_cast<int64_t>(end));
    }
    bytes = book.memory_bytes();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(changes.size()));
  state.counters["bytes_per_account"] = static_cast<double>(bytes) / state.range(0);
}

void BM_CopyRecords(benchmark::State& state) {
  const auto changes = DemoChanges(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    for (const Book::Change& change : changes) {
      Book::Change copy = change;
      benchmark::DoNotOptimize(copy);
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(changes.size()));
}

BENCHMARK(BM_ApplyRecords)->Arg(3'000)->Unit(benchmark::kMillisecond);
BENCHMARK(BM_CopyRecords)->Arg(3'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace gtm::book
