#include "services/targeting/domain/replay.h"

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "services/targeting/domain/handover.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

using criteria::ScoreRange;

// What the touches of one account amounted to at many instants, each measured once however many
// definitions ask.
class Measures {
 public:
  Measures(const EngagementRule& rule, const book::BookView& view,
           const std::vector<absl::Time>& instants)
      : rule_(rule), view_(view), measured_(instants.size()), rounds_(instants.size(), 0) {
    for (const absl::Time instant : instants) meters_.emplace_back(rule_, instant);
  }
  const EngagementRule& rule() const { return rule_; }
  // From now on of this account, whose touches are looked up once somebody asks.
  void Start(book::AccountRow row) {
    row_ = row;
    is_found_ = false;
    ++round_;
  }
  const EngagementMeasure& At(size_t instant) {
    if (!is_found_) events_ = view_.engagements_of(row_);
    is_found_ = true;
    if (rounds_[instant] != round_) {
      rounds_[instant] = round_;
      measured_[instant] = meters_[instant].Measure(events_);
    }
    return measured_[instant];
  }

 private:
  const EngagementRule rule_;
  const book::BookView& view_;
  std::vector<EngagementMeter> meters_;  // by instant
  book::AccountRow row_{book::kNoRow};
  bool is_found_ = false;
  std::span<const book::EngagementEvent> events_;
  std::vector<EngagementMeasure> measured_;
  std::vector<uint64_t> rounds_;  // in which each was measured
  uint64_t round_ = 0;
};

// One definition at many instants, account by account.
class Timeline {
 public:
  // `measures` are by the definition's rule, and of the account that is asked for.
  Timeline(const Definition& definition, const book::BookView& view,
           const std::vector<absl::Time>& instants, Measures* measures)
      : definition_(definition),
        measures_(*measures),
        fit_values_(definition.fit_attributes().size()) {
    const FiscalCalendar& calendar = view.settings().calendar;
    for (const absl::Time instant : instants) {
      contexts_.push_back({view, instant, calendar.DayOf(instant)});
    }
    for (size_t i = 0; i < definition.fit_attributes().size(); ++i) {
      const AttributeRef& attribute = definition.fit_attributes()[i];
      if (VariesWithTime(attribute)) varying_.push_back(i);
      fit_reads_engagement_ |= ReadsEngagement(attribute);
    }
    engagement_values_.resize(definition.engagement_attributes().size());
  }

  // From now on of this account. Borrows `account`.
  void Start(book::AccountRow row, const book::AccountFacts& account) {
    row_ = row;
    account_ = &account;
    for (size_t i = 0; i < fit_values_.size(); ++i) ReadFit(i, 0, {});
    TakeFit();
  }

  struct Standing {
    Verdict verdict = Verdict::kUndecided;
    bool prospect = false;
    int64_t fit_micropoints = 0;
  };
  // No target, whatever the instant: nothing but its own record decides.
  bool never_target() const { return varying_.empty() && standing_.verdict != Verdict::kTarget; }
  Verdict verdict() const { return standing_.verdict; }  // where never_target()

  Standing At(size_t instant) {
    if (varying_.empty() && is_settled_) return standing_;
    EngagementMeasure measure;
    if (fit_reads_engagement_) measure = measures_.At(instant);
    if (!varying_.empty()) {
      for (const size_t i : varying_) ReadFit(i, instant, measure);
      TakeFit();
      if (is_settled_) return standing_;
    }
    Standing standing = standing_;
    if (!fit_reads_engagement_ && definition_.reads_engagement()) measure = measures_.At(instant);
    const auto& attributes = definition_.engagement_attributes();
    for (size_t i = 0; i < attributes.size(); ++i) {
      engagement_values_[i] =
          ReadAccount(attributes[i], contexts_[instant], row_, *account_, measure);
    }
    standing.prospect = IsProspect(definition_, standing.verdict,
                                   definition_.engagement()->Evaluate(engagement_values_));
    return standing;
  }

 private:
  // Who is no target is no prospect: its engagement need not be measured.
  void TakeFit() {
    const ScoreRange fit = definition_.fit().Evaluate(fit_values_);
    standing_ = {VerdictOf(definition_, fit), false, fit.micropoints};
    is_settled_ = standing_.verdict != Verdict::kTarget || definition_.engagement() == nullptr;
  }
  void ReadFit(size_t attribute, size_t instant, const EngagementMeasure& measure) {
    fit_values_[attribute] = ReadAccount(definition_.fit_attributes()[attribute],
                                         contexts_[instant], row_, *account_, measure);
  }

  const Definition& definition_;
  Measures& measures_;
  std::vector<ReadContext> contexts_;  // by instant
  std::vector<size_t> varying_;        // of the fit's attributes
  bool fit_reads_engagement_ = false;
  book::AccountRow row_{book::kNoRow};
  const book::AccountFacts* account_ = nullptr;
  std::vector<criteria::Value> fit_values_, engagement_values_;
  Standing standing_;  // by the fit alone
  bool is_settled_ = false;
};

int64_t ChangeOf(const MovedAccount& moved) {
  return std::abs(moved.fit_micropoints[kDraft].value_or(0) -
                  moved.fit_micropoints[kBaseline].value_or(0));
}

// Keeps the first `max` of an order in which the largest change comes first.
void KeepFirst(const book::BookView& view, size_t max, std::vector<MovedAccount>* moved) {
  const auto before = [&](const MovedAccount& a, const MovedAccount& b) {
    const int64_t change_a = ChangeOf(a), change_b = ChangeOf(b);
    if (change_a != change_b) return change_a > change_b;
    return view.account(a.row).id < view.account(b.row).id;
  };
  std::sort(moved->begin(), moved->end(), before);
  if (moved->size() > max) moved->resize(max);
}

class Replayer {
 public:
  Replayer(const ReplayQuestion& question, const book::BookView& view)
      : question_(question), view_(view), calendar_(view.settings().calendar) {}

  Status ReplayAccounts(const std::function<Status()>& check_alive) {
    constexpr uint32_t kRowsBetweenChecks = 4'096;
    const std::vector<absl::Time>& instants = question_.instants;
    // By rule: most often the draft keeps that of the definition in force.
    std::vector<std::unique_ptr<Measures>> all_measures;
    const auto measures_of = [&](const Definition& definition) {
      const EngagementRule& rule = definition.spec().engagement_rule;
      for (const auto& measures : all_measures) {
        if (measures->rule() == rule) return measures.get();
      }
      all_measures.push_back(std::make_unique<Measures>(rule, view_, instants));
      return all_measures.back().get();
    };
    Timeline draft(*question_.draft, view_, instants, measures_of(*question_.draft));
    // The baseline of each instant; definitions in force for several are read once.
    std::vector<std::pair<const Definition*, std::unique_ptr<Timeline>>> lines;
    std::vector<Timeline*> baseline(instants.size(), nullptr);
    for (size_t i = 0; i < instants.size(); ++i) {
      result_.steps.push_back({instants[i]});
      days_.push_back(calendar_.DayOf(instants[i]));
      const Definition* definition = question_.baseline(instants[i]);
      if (definition == nullptr) continue;
      auto found = std::find_if(lines.begin(), lines.end(),
                                [&](const auto& line) { return line.first == definition; });
      if (found == lines.end()) {
        lines.emplace_back(definition, std::make_unique<Timeline>(*definition, view_, instants,
                                                                  measures_of(*definition)));
        found = lines.end() - 1;
      }
      baseline[i] = found->second.get();
    }
    const bool is_one =
        lines.size() == 1 && std::count(baseline.begin(), baseline.end(), nullptr) == 0;
    if (is_one) only_baseline_ = lines.front().second.get();
    settled_.resize(instants.size());
    for (uint32_t r = 0; r < view_.account_row_count(); ++r) {
      if (r % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
      const auto row = static_cast<book::AccountRow>(r);
      if (!view_.is_live(row)) continue;
      const book::AccountFacts account = view_.account(row);
      for (const auto& measures : all_measures) measures->Start(row);
      draft.Start(row, account);
      for (const auto& [definition, line] : lines) line->Start(row, account);
      Take(row, account, &draft, baseline);
    }
    AddSettled();
    KeepFirst(view_, question_.moved_max, &result_.entering);
    KeepFirst(view_, question_.moved_max, &result_.leaving);
    return {};
  }

  void ReplayHandovers() {
    for (const auto& handover : view_.handovers()) {
      const absl::Time time = TimeOf(handover->handover_time());
      if (!InDays(time)) continue;
      const Handover::State state = StateAt(*handover, question_.as_of);
      AddEvent(view_.FindAccount(handover->account_id()), time, [&](ReplayOutcomes* outcomes) {
        ++outcomes->handover_count;
        outcomes->rejected_count += state == Handover::STATE_REJECTED;
        outcomes->accepted_count += state == Handover::STATE_ACCEPTED ||
                                    state == Handover::STATE_QUALIFIED ||
                                    state == Handover::STATE_DISQUALIFIED;
      });
    }
  }

  Status ReplayOpportunities() {
    for (const book::OpportunityRow row : view_.opportunities_by_id()) {
      const book::OpportunityFacts facts = view_.opportunity(row);
      const auto qualified = book::QualifiedTime(facts, question_.as_of);
      if (!qualified || !InDays(*qualified)) continue;
      const auto won = book::WonTime(facts, question_.as_of);
      const auto lost = book::LostTime(facts, question_.as_of);
      int64_t micros = 0;
      if (const auto* amount = book::AmountAt(facts, question_.as_of); won && amount != nullptr) {
        GTM_ASSIGN_OR_RETURN(const Money money,
                             view_.InReportingCurrency(amount->amount, calendar_.DayOf(*won)));
        micros = money.micros;
      }
      AddEvent(book::IsRow(facts.account) ? std::optional(facts.account) : std::nullopt, *qualified,
               [&](ReplayOutcomes* outcomes) {
                 ++outcomes->opportunity_count;
                 outcomes->won_count += won.has_value();
                 outcomes->lost_count += lost.has_value();
                 if (__builtin_add_overflow(outcomes->won_micros, micros, &outcomes->won_micros)) {
                   outcomes->won_micros = INT64_MAX;
                 }
               });
    }
    return {};
  }

  Replay Finish() { return std::move(result_); }

 private:
  bool InDays(absl::Time time) const {
    return time <= question_.as_of && question_.days.contains(calendar_.DayOf(time));
  }

  void AddSettled() {
    Settled sum;
    for (size_t i = 0; i < settled_.size(); ++i) {
      ReplayStep& step = result_.steps[i];
      for (size_t side = 0; side < kReplaySideCount; ++side) {
        for (size_t v = 0; v < kVerdictCount; ++v) {
          sum.verdicts[side][v] += settled_[i].verdicts[side][v];
          step.sides[side].verdicts[v] += sum.verdicts[side][v];
          step.account_count += side == kDraft ? sum.verdicts[side][v] : 0;
        }
      }
    }
    only_baseline_ = nullptr;  // its timeline ends here
  }

  // Counts one account at all instants at which it was in the CRM.
  void Take(book::AccountRow row, const book::AccountFacts& account, Timeline* draft,
            const std::vector<Timeline*>& baseline) {
    size_t first = 0;  // instants rise, and an account stays
    if (account.first_seen_day) {
      while (first < days_.size() && days_[first] < *account.first_seen_day) ++first;
    }
    if (draft->never_target() && only_baseline_ != nullptr && only_baseline_->never_target()) {
      if (first < days_.size()) {
        ++settled_[first].verdicts[kDraft][static_cast<size_t>(draft->verdict())];
        ++settled_[first].verdicts[kBaseline][static_cast<size_t>(only_baseline_->verdict())];
      }
      return;
    }
    std::array<bool, kReplaySideCount> was_prospect{};
    for (size_t i = first; i < question_.instants.size(); ++i) {
      ReplayStep& step = result_.steps[i];
      ++step.account_count;
      std::array<std::optional<Timeline::Standing>, kReplaySideCount> standings;
      standings[kDraft] = draft->At(i);
      if (baseline[i] != nullptr) standings[kBaseline] = baseline[i]->At(i);
      std::array<bool, kReplaySideCount> is_target{};
      for (size_t side = 0; side < kReplaySideCount; ++side) {
        if (!standings[side]) continue;
        ++step.sides[side].verdicts[static_cast<size_t>(standings[side]->verdict)];
        step.sides[side].prospect_count += standings[side]->prospect;
        was_prospect[side] |= standings[side]->prospect;
        is_target[side] = standings[side]->verdict == Verdict::kTarget;
      }
      if (is_target[kDraft] == is_target[kBaseline]) continue;
      const bool enters = is_target[kDraft];
      ++(enters ? step.entering_count : step.leaving_count);
      if (i + 1 < question_.instants.size() || question_.moved_max == 0) continue;
      MovedAccount moved{row, {}};
      for (size_t side = 0; side < kReplaySideCount; ++side) {
        if (standings[side]) moved.fit_micropoints[side] = standings[side]->fit_micropoints;
      }
      std::vector<MovedAccount>* list = enters ? &result_.entering : &result_.leaving;
      list->push_back(moved);
      if (list->size() >= 4 * question_.moved_max) KeepFirst(view_, question_.moved_max, list);
    }
    for (size_t side = 0; side < kReplaySideCount; ++side) {
      result_.outcomes[side].prospect_account_count += was_prospect[side];
    }
  }

  // Adds an event to the outcomes of each side, by what the account was when it happened.
  template <class Add>
  void AddEvent(std::optional<book::AccountRow> row, absl::Time time, Add add) {
    const std::array<const Definition*, kReplaySideCount> definitions = {question_.draft,
                                                                         question_.baseline(time)};
    for (size_t side = 0; side < kReplaySideCount; ++side) {
      if (definitions[side] == nullptr) continue;
      const bool is_target =
          row && view_.is_live(*row) &&
          VerdictOf(*definitions[side],
                    AccountScorer(*definitions[side], view_, time).ScoreFit(*row)) ==
              Verdict::kTarget;
      ReplaySideOutcomes& outcomes = result_.outcomes[side];
      add(is_target ? &outcomes.targets : &outcomes.others);
    }
  }

  const ReplayQuestion& question_;
  const book::BookView& view_;
  const FiscalCalendar& calendar_;
  std::vector<absl::CivilDay> days_;   // of the instants
  Timeline* only_baseline_ = nullptr;  // that of all instants, where there is just one
  // Accounts that are never a target on either side, by the first instant at which they are in
  // the CRM: most of them, and counted once.
  struct Settled {
    std::array<std::array<int64_t, kVerdictCount>, kReplaySideCount> verdicts{};
  };
  std::vector<Settled> settled_;
  Replay result_;
};

}  // namespace

bool VariesWithTime(const AttributeRef& attribute) {
  switch (attribute.field) {
    case AttributeField::kAccountAnnualRevenue:  // at the exchange rate of the day
    case AttributeField::kAccountPotentialLifetimeValue:
    case AttributeField::kAccountFirstSeenAgeDays:
    case AttributeField::kAccountLeadershipChangeAgeDays:
      return true;
    default:
      return ReadsEngagement(attribute);
  }
}

Result<Replay> ReplayDefinition(const ReplayQuestion& question, const book::BookView& view,
                                const std::function<Status()>& check_alive) {
  Replayer replayer(question, view);
  GTM_RETURN_IF_ERROR(replayer.ReplayAccounts(check_alive));
  replayer.ReplayHandovers();
  GTM_RETURN_IF_ERROR(check_alive());
  GTM_RETURN_IF_ERROR(replayer.ReplayOpportunities());
  return replayer.Finish();
}

}  // namespace gtm::targeting::domain
