// Scoring of 1,000,000 accounts by 12 criteria, from columns, on one thread: against NumPy and
// DuckDB, and against a plain pass over the same bytes, which is the limit of memory; and of
// accounts one at a time, each with its 12 parts, against zen-engine. Ours and the peers run in
// turn in one run; figures are the best of the rounds; ratios count. Ours tells a part by its
// outcome, a byte; peers write parts as numbers, and, in brackets, as bytes too.
//
//   score_bench [--rounds N]

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/core/random.h"
#include "common/criteria/criteria.h"

namespace gtm::criteria {
namespace {

constexpr size_t kRows = 1'000'000;
// Memory on pages of 2 MiB where the system has them, as NumPy asks for: on pages of 4 KiB the
// processor loses its place in a column every thousand numbers.
template <class T>
struct LargePages {
  using value_type = T;
  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}  // NOLINT(google-explicit-constructor)
  T* allocate(size_t count) {
    constexpr size_t kPage = size_t{2} << 20;
    const size_t bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
    void* memory = std::aligned_alloc(kPage, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, size_t) { std::free(memory); }
  friend bool operator==(const LargePages&, const LargePages&) { return true; }
};
template <class T>
using Rows = std::vector<T, LargePages<T>>;

constexpr size_t kOnes = 2'000;  // accounts decided one at a time, as in score_peer.py

// A column, its words where it holds codes, and its criterion.
struct Attribute {
  std::string name;
  std::variant<Rows<int32_t>, Rows<double>, Rows<uint8_t>> values;
  std::vector<std::string_view> words;
  Criterion criterion;

  Column column() const {
    Column result;
    if (const auto* integers = std::get_if<Rows<int32_t>>(&values)) {
      result.integers = *integers;
    } else if (const auto* numbers = std::get_if<Rows<double>>(&values)) {
      result.numbers = *numbers;
    } else {
      result.small_codes = std::get<Rows<uint8_t>>(values);
      result.dictionary = words;
    }
    return result;
  }
  std::span<const char> bytes() const {
    return std::visit(
        [](const auto& of) {
          return std::span(reinterpret_cast<const char*>(of.data()), of.size() * sizeof(of[0]));
        },
        values);
  }
};

Criterion BandsOf(const std::string& name, int weight, const std::vector<double>& edges,
                  const std::vector<int32_t>& shares) {
  Bands bands;
  for (size_t i = 0; i < shares.size(); ++i) {
    Band band;
    if (i > 0) band.min = edges[i - 1];
    if (i < edges.size()) band.max = edges[i];
    band.share_bps = shares[i];
    bands.bands.push_back(band);
  }
  return {name, "", "account.custom_number." + name, weight, bands};
}

template <class T>
Rows<T> Draw(Random* random, const std::function<double(Random&)>& value) {
  Rows<T> values(kRows);
  for (T& one : values) one = static_cast<T>(value(*random));
  return values;
}

// Distributions and criteria of the kinds that companies have: sizes and revenues with long
// tails, a tenth of the growth unknown, and four attributes that are words.
std::vector<Attribute> MakeAttributes(const std::vector<std::string>& names) {
  Random random(7);
  std::vector<Attribute> all;
  const auto lognormal = [](double mean, double spread, double most) {
    return [=](Random& r) { return std::min(most, std::exp(mean + spread * r.Normal())); };
  };
  const auto poisson = [](double mean) {
    return [=](Random& r) { return static_cast<double>(r.Poisson(mean)); };
  };
  const auto below = [](double bound) {
    return [=](Random& r) { return std::floor(bound * r.Uniform()); };
  };
  const auto integers = [&](const std::string& name, int weight, std::vector<double> edges,
                            std::vector<int32_t> shares, const std::function<double(Random&)>& of) {
    all.push_back({name, Draw<int32_t>(&random, of), {}, BandsOf(name, weight, edges, shares)});
  };
  const auto numbers = [&](const std::string& name, int weight, std::vector<double> edges,
                           std::vector<int32_t> shares, const std::function<double(Random&)>& of) {
    all.push_back({name, Draw<double>(&random, of), {}, BandsOf(name, weight, edges, shares)});
  };
  const auto words = [&](const std::string& name, int weight, size_t count) {
    Choices choices;
    for (size_t i = 0; i < count / 2; ++i) {
      choices.choices.push_back({names[i], static_cast<int32_t>(10'000 - i * 10'000 / count)});
    }
    choices.other_share_bps = 1'000;
    all.push_back({name,
                   Draw<uint8_t>(&random, below(static_cast<double>(count))),
                   std::vector<std::string_view>(
                       names.begin(), names.begin() + static_cast<std::ptrdiff_t>(count)),
                   {name, "", "account.custom_label." + name, weight, choices}});
  };
  integers("employees", 10, {50, 200, 1'000, 5'000}, {1'000, 3'000, 6'000, 10'000, 8'000},
           lognormal(5.5, 1.8, 2e6));
  numbers("revenue", 12, {1e6, 1e7, 1e8, 1e9}, {0, 2'000, 5'000, 10'000, 9'000},
          lognormal(17.5, 2.2, 1e13));
  words("industry", 10, 40);
  words("region", 6, 10);
  numbers("growth", 8, {-5, 0, 10, 25, 60}, {0, 1'000, 4'000, 7'000, 9'000, 10'000}, [](Random& r) {
    return r.Uniform() < 0.1 ? std::numeric_limits<double>::quiet_NaN() : 12 + 25 * r.Normal();
  });
  words("funding", 5, 8);
  numbers("intent", 14, {20, 40, 60, 80}, {0, 2'000, 5'000, 8'000, 10'000},
          [](Random& r) { return 100 * r.Uniform() * r.Uniform(); });
  integers("technologies", 8, {2, 5, 10}, {0, 4'000, 8'000, 10'000}, poisson(5));
  integers("visits", 7, {1, 5, 20, 100}, {0, 2'000, 5'000, 8'000, 10'000},
           lognormal(1.2, 1.6, 1e6));
  integers("contact_days", 6, {7, 30, 90, 365}, {10'000, 8'000, 5'000, 2'000, 0}, below(700));
  integers("roles", 6, {1, 3, 10}, {0, 3'000, 7'000, 10'000}, poisson(3));
  words("partner", 8, 5);
  return all;
}

// What the peers read: points by band, or by code.
void WriteForPeers(const std::vector<Attribute>& attributes, const Evaluator& evaluator,
                   const std::string& directory) {
  nlohmann::json criteria = nlohmann::json::array();
  for (size_t i = 0; i < attributes.size(); ++i) {
    const Attribute& attribute = attributes[i];
    const auto bytes = attribute.bytes();
    std::ofstream(directory + "/" + attribute.name + ".bin", std::ios::binary)
        .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    nlohmann::json one;
    one["name"] = attribute.name;
    one["type"] = std::array{"i4", "f8", "u1"}[attribute.values.index()];
    one["edges"] = nlohmann::json::array();
    if (const auto* bands = std::get_if<Bands>(&attribute.criterion.rule)) {
      for (const Band& band : bands->bands) {
        if (band.min) one["edges"].push_back(*band.min);
      }
      for (uint32_t o = 0; o < evaluator.outcome_count(i); ++o) {
        one["points"].push_back(evaluator.micropoints(i, o));
      }
    } else {
      std::vector<Value> values(attributes.size());
      std::vector<int64_t> parts(attributes.size());
      for (const std::string_view word : attribute.words) {
        values[i] = Value::Word(word);
        evaluator.Evaluate(values, parts);
        one["points"].push_back(parts[i]);
      }
    }
    criteria.push_back(one);
  }
  std::ofstream(directory + "/criteria.json") << criteria;
}

double WallSeconds(const std::function<void()>& work) {
  const absl::Time start = absl::Now();
  work();
  return absl::ToDoubleSeconds(absl::Now() - start);
}

// A pass over the same bytes as words of 64 bits, and, for `written` more, a fill of them.
double PlainPass(const std::vector<Attribute>& attributes, std::span<int64_t> written) {
  static volatile uint64_t sink;
  return WallSeconds([&] {
    uint64_t sum = 0;
    for (const Attribute& attribute : attributes) {
      const auto bytes = attribute.bytes();
      for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
        uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        sum += word;
      }
    }
    sink = sum;
    (void)sink;  // written is enough, for the compiler to keep the pass
    std::fill(written.begin(), written.end(), static_cast<int64_t>(sum));
  });
}

void Keep(std::map<std::string, double>* best, const std::string& name, double seconds) {
  const auto [it, is_new] = best->emplace(name, seconds);
  if (!is_new) it->second = std::min(it->second, seconds);
}

// The parts that the outcomes stand for are those of the scores.
void CheckParts(const Evaluator& evaluator, std::span<const int64_t> scores,
                std::span<const uint8_t> outcomes) {
  std::vector<int64_t> sums(scores.size());
  for (size_t i = 0; i < evaluator.criterion_count(); ++i) {
    std::array<int64_t, 256> points{};
    for (uint32_t o = 0; o < evaluator.outcome_count(i); ++o) {
      points[o] = evaluator.micropoints(i, o);
    }
    points[kMissingSmallOutcome] = evaluator.micropoints(i, kMissingOutcome);
    for (size_t row = 0; row < sums.size(); ++row) {
      sums[row] += points[outcomes[i * sums.size() + row]];
    }
  }
  if (!std::equal(sums.begin(), sums.end(), scores.begin())) {
    fmt::print(stderr, "the parts are not those of the scores\n");
    std::exit(1);
  }
}

// Figures of the peers, "numpy total" and so on; the sums of their scores must be ours: `sum`,
// and `sum_of_ones` where they decide one at a time.
void RunPeers(const std::string& directory, double sum, double sum_of_ones,
              std::map<std::string, double>* best) {
  const std::string own = std::string(GTM_SOURCE_DIR) + "/build/tools/bench_python/bin/python";
  const std::string command = fmt::format("{} {}/tests/bench/score_peer.py {} 1",
                                          std::filesystem::exists(own) ? own : "/usr/bin/python3",
                                          GTM_SOURCE_DIR, directory);
  FILE* pipe = popen(command.c_str(), "r");
  char engine[32], what[32];
  double seconds = 0, told = 0;
  int lines = 0;
  while (pipe != nullptr &&
         std::fscanf(pipe, "%31s %31s %lf %lf", engine, what, &seconds, &told) == 4) {
    ++lines;
    const double ours = std::string_view(what) == "one" ? sum_of_ones : sum;
    if (std::abs(told / ours - 1) > 1e-9) {
      fmt::print(stderr, "{} {} has other scores: {} and {}\n", engine, what, told, ours);
      std::exit(1);
    }
    Keep(best, fmt::format("{} {}", engine, what), seconds);
  }
  if (pipe != nullptr) pclose(pipe);
  if (lines == 0) fmt::print(stderr, "the peers do not run: is python3-numpy installed?\n");
}

// The first rows as values of one account each, in turn.
std::vector<Value> ValuesOfOnes(const std::vector<Attribute>& attributes) {
  std::vector<Value> values;
  values.reserve(kOnes * attributes.size());
  for (size_t row = 0; row < kOnes; ++row) {
    for (const Attribute& attribute : attributes) {
      values.push_back(std::visit(
          [&](const auto& of) {
            return attribute.words.empty() ? Value::Number(static_cast<double>(of[row]))
                                           : Value::Word(attribute.words[static_cast<size_t>(
                                                 attribute.words.empty() ? 0 : of[row])]);
          },
          attribute.values));
    }
  }
  return values;
}

void Run(int rounds) {
  std::vector<std::string> names;
  for (int i = 0; i < 40; ++i) names.push_back(fmt::format("word{}", i));
  const std::vector<Attribute> attributes = MakeAttributes(names);
  std::vector<Criterion> criteria;
  std::vector<Column> columns;
  for (const Attribute& attribute : attributes) {
    criteria.push_back(attribute.criterion);
    columns.push_back(attribute.column());
  }
  const Evaluator evaluator = Evaluator::Compile(criteria, "criteria").value();
  Rows<int64_t> scores(kRows);
  Rows<uint8_t> outcomes(kRows * columns.size());
  Rows<int64_t> as_many_bytes(kRows + outcomes.size() / sizeof(int64_t));
  const std::string directory =
      std::filesystem::temp_directory_path() / fmt::format("gtm-score-bench-{}", getpid());
  std::filesystem::create_directories(directory);
  WriteForPeers(attributes, evaluator, directory);
  const std::vector<Value> ones = ValuesOfOnes(attributes);
  const auto one_of = [&](size_t row) {
    return std::span(ones).subspan(row * attributes.size(), attributes.size());
  };
  std::map<std::string, double> best;
  for (int round = 0; round < rounds; ++round) {
    Keep(&best, "pass", PlainPass(attributes, std::span(as_many_bytes).first(kRows)));
    Keep(&best, "pass with parts", PlainPass(attributes, as_many_bytes));
    Keep(&best, "total", WallSeconds([&] { evaluator.ScoreRows(columns, scores); }));
    Keep(&best, "full", WallSeconds([&] {
      if (!evaluator.ExplainRows(columns, scores, outcomes).ok()) std::abort();
    }));
    CheckParts(evaluator, scores, outcomes);
    double sum = 0, sum_of_ones = 0;
    for (const int64_t score : scores) sum += static_cast<double>(score);
    std::vector<int64_t> parts_of_one(attributes.size());
    int64_t total_of_ones = 0;
    const double decided = WallSeconds([&] {
      for (size_t row = 0; row < kOnes; ++row) {
        total_of_ones += evaluator.Evaluate(one_of(row), parts_of_one).micropoints;
      }
    });
    sum_of_ones = static_cast<double>(total_of_ones);
    Keep(&best, "one", decided / kOnes);
    size_t length = 0;
    const double explained = WallSeconds([&] {
      for (size_t row = 0; row < kOnes; ++row) {
        length += evaluator.Explain(one_of(row)).parts.size();
      }
    });
    if (length != kOnes * attributes.size()) std::abort();
    Keep(&best, "one in words", explained / kOnes);
    RunPeers(directory, sum, sum_of_ones, &best);
  }
  std::filesystem::remove_all(directory);

  fmt::print("1,000,000 accounts x 12 criteria, one thread, best of {} rounds, milliseconds\n",
             rounds);
  const auto line = [&](std::string_view what, const std::string& of, const std::string& limit) {
    const double ours = best[of];
    fmt::print("{:22} {:6.1f}   {:.2f} x a plain pass over the same bytes", what, 1e3 * ours,
               ours / best[limit]);
    for (const std::string peer : {"numpy", "duckdb"}) {
      const auto found = best.find(peer + " " + of);
      if (found == best.end()) continue;
      fmt::print("   {} {:.0f} = {:.1f} x", peer, 1e3 * found->second, found->second / ours);
      // What peers take to tell parts as bytes, as ours does.
      const auto as_bytes = best.find(peer + " outcomes");
      if (of != "full" || as_bytes == best.end()) continue;
      fmt::print(" (as bytes {:.0f} = {:.1f} x)", 1e3 * as_bytes->second, as_bytes->second / ours);
    }
    fmt::print("\n");
  };
  line("scores", "total", "pass");
  line("scores and 12 outcomes", "full", "pass with parts");
  fmt::print("outcomes cost {:.2f} x the scores alone\n", best["full"] / best["total"]);
  const auto one_line = [&](std::string_view what, const std::string& of) {
    fmt::print("{:41} {:5.0f} ns", what, 1e9 * best[of]);
    const auto zen = best.find("zen one");
    if (zen != best.end()) {
      fmt::print("   zen-engine, expression node {:.0f} us = {:.0f} x", 1e6 * zen->second,
                 zen->second / best[of]);
    }
    fmt::print("\n");
  };
  one_line("one account with range and 12 parts", "one");
  one_line("one account, each part told in words", "one in words");
}

}  // namespace
}  // namespace gtm::criteria

int main(int argc, char** argv) {
  int rounds = 7;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::string_view(argv[i]) == "--rounds") rounds = std::stoi(argv[i + 1]);
  }
  gtm::criteria::Run(rounds);
  return 0;
}
