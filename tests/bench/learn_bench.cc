// How well targets are learned (LearnTarget) on generated companies, whose truth is known: what is
// told of opportunities held back, company by company and on the average. Not a matter of speed.
//
//   learn_bench [--first SEED] [--companies N] [--accounts N] [--fit-effect X]

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "absl/time/clock.h"
#include "common/book/book.h"
#include "services/gtm/demo/company.h"
#include "services/targeting/domain/learn_definition.h"

namespace gtm::targeting::domain {
namespace {

struct Flags {
  int first = 1;  // company, which is its seed
  int companies = 12;
  int accounts = 3'000;
  double fit_effect = demo::Truth().fit_effect;
};

LearnedTarget LearnFrom(const Flags& flags, uint64_t seed) {
  demo::Options options;
  options.seed = seed;
  options.account_count = flags.accounts;
  options.today = absl::CivilDay(2026, 11, 29);
  demo::Truth truth;
  truth.fit_effect = flags.fit_effect;
  book::Book book;
  std::vector<book::Book::Change> changes;
  int64_t sequence = 0;
  const auto flush = [&] {
    book.Apply(changes, "bench", ++sequence);
    changes.clear();
  };
  demo::Generate(options, truth, [&](records::v1::Record record) {
    changes.push_back({std::move(record), false});
    if (changes.size() == 10'000) flush();
  });
  flush();
  LearnTargetOptions learn;
  learn.as_of = absl::FromCivil(options.today, absl::UTCTimeZone());
  return LearnTarget(book.View(), learn);
}

// Mean and standard error of what companies told.
class Column {
 public:
  void Add(double value) {
    ++count_;
    sum_ += value;
    squares_ += value * value;
  }
  bool empty() const { return count_ == 0; }
  double mean() const { return sum_ / count_; }
  double error() const {
    return std::sqrt(std::max(0.0, squares_ / count_ - mean() * mean()) /
                     std::max(1.0, count_ - 1));
  }

 private:
  double count_ = 0, sum_ = 0, squares_ = 0;
};

void Run(const Flags& flags) {
  fmt::print("{} companies of {} accounts, fit effect {}\n", flags.companies, flags.accounts,
             flags.fit_effect);
  fmt::print("{:>7} {:>7} {:>9} {:>7} {:>9} {:>7} {:>8} {:>9} {:>9}\n", "company", "learned",
             "held back", "auc", "loss gain", "slope", "penalty", "criteria", "verdict");
  Column auc, gain, slope, learned;
  for (int i = flags.first; i < flags.first + flags.companies; ++i) {
    const LearnedTarget target = LearnFrom(flags, static_cast<uint64_t>(i));
    if (!target.skill) {
      fmt::print("{:7} not enough data\n", i);
      continue;
    }
    const Skill& skill = *target.skill;
    const bool is_learned = target.verdict == LearnTargetVerdict::kLearned;
    fmt::print("{:7} {:7} {:9} {:7.3f} {:9.4f} {:7.2f} {:8} {:9} {:>9}\n", i,
               target.learned_from.rows.size(), skill.count, skill.auc.value,
               skill.log_loss_gain.value, skill.calibration_slope.value,
               target.selection.penalty_factor,
               target.definition.spec.account_criteria.size() +
                   target.definition.spec.engagement_criteria.size(),
               is_learned ? "learned" : "no signal");
    auc.Add(skill.auc.value);
    gain.Add(skill.log_loss_gain.value);
    slope.Add(skill.calibration_slope.value);
    learned.Add(is_learned);
  }
  if (auc.empty()) return;
  fmt::print(
      "mean: auc {:.4f} ({:.4f}), loss gain {:.4f} ({:.4f}), slope {:.2f} ({:.2f}), "
      "learned {:.0f} %\n",
      auc.mean(), auc.error(), gain.mean(), gain.error(), slope.mean(), slope.error(),
      100 * learned.mean());
}

}  // namespace
}  // namespace gtm::targeting::domain

int main(int argc, char** argv) {
  gtm::targeting::domain::Flags flags;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag != "--first" && flag != "--companies" && flag != "--accounts" &&
        flag != "--fit-effect") {
      fmt::print(stderr, "no such flag: {}\n", flag);
      return 2;
    }
    if (flag == "--first") flags.first = std::atoi(argv[i + 1]);
    if (flag == "--companies") flags.companies = std::atoi(argv[i + 1]);
    if (flag == "--accounts") flags.accounts = std::atoi(argv[i + 1]);
    if (flag == "--fit-effect") flags.fit_effect = std::atof(argv[i + 1]);
  }
  gtm::targeting::domain::Run(flags);
}
