#include "services/targeting/domain/handover_diagnosis.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "common/core/money.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/spend_share.h"

namespace gtm::targeting::domain {
namespace {

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// On which side of `line` an interval lies; kYes above where `above_is_yes`, else below.
Finding Judge(double value, const stats::Interval& interval, double line, bool above_is_yes) {
  Finding finding{FindingStatus::kNotSure, value, interval};
  if (interval.low > line) {
    finding.status = above_is_yes ? FindingStatus::kYes : FindingStatus::kNo;
  } else if (interval.high < line) {
    finding.status = above_is_yes ? FindingStatus::kNo : FindingStatus::kYes;
  }
  return finding;
}

// b's count against a's, for equal exposures unless said otherwise.
Finding JudgeRatio(int64_t now, double exposure_now, int64_t before, double exposure_before,
                   bool more_is_yes) {
  if (now + before == 0 || exposure_now <= 0 || exposure_before <= 0) return {};
  const stats::Interval ratio =
      stats::PoissonRatioInterval(now, exposure_now, before, exposure_before);
  if (before == 0) {
    Finding finding = Judge(0, ratio, 1, more_is_yes);
    finding.value.reset();  // a ratio to nothing
    return finding;
  }
  const double value =
      static_cast<double>(now) / exposure_now / (static_cast<double>(before) / exposure_before);
  return Judge(value, ratio, 1, more_is_yes);
}

Finding JudgeDifference(const Rate& a, const Rate& b, double line, bool above_is_yes) {
  if (a.trials == 0 || b.trials == 0) return {};
  return Judge(a.value() - b.value(), NewcombeInterval(a, b), line, above_is_yes);
}

void ReadHandovers(const Definition& definition, const book::BookView& view, const DayRange& days,
                   absl::Time as_of, PeriodFacts* facts) {
  const FiscalCalendar& calendar = view.settings().calendar;
  facts->handshake = CountHandovers(view.handovers(), calendar, {days, as_of, ""});
  for (const auto& handover : view.handovers()) {
    const absl::Time time = TimeOf(handover->handover_time());
    if (time > as_of || !days.contains(calendar.DayOf(time))) continue;
    const Handover::State state = StateAt(*handover, as_of);
    if (state == Handover::STATE_PENDING) continue;
    const auto row = view.FindAccount(handover->account_id());
    Verdict verdict = Verdict::kUndecided;
    if (row && view.is_live(*row)) {
      verdict = VerdictOf(definition, AccountScorer(definition, view, time).ScoreFit(*row));
    }
    const bool accepted = state != Handover::STATE_REJECTED;
    if (verdict == Verdict::kTarget) facts->accepted_targets.Add(accepted);
    if (verdict == Verdict::kNotTarget) facts->accepted_others.Add(accepted);
    facts->undecided_handovers += verdict == Verdict::kUndecided;
  }
}

Status ReadMoney(const book::BookView& view, const DayRange& days, PeriodFacts* facts) {
  for (const auto& spend : view.spends()) {
    const DayRange paid = DaysBetween(spend->start_date(), spend->end_date());
    if (CommonDays(paid, days).day_count() == 0) continue;
    GTM_ASSIGN_OR_RETURN(const int64_t micros, SpendMicrosOn(*spend, days, view));
    GTM_ASSIGN_OR_RETURN(facts->spend_micros, AddMicros(facts->spend_micros.value_or(0), micros));
  }
  for (const auto& leads : view.lead_counts()) {
    const DayRange counted = DaysBetween(leads->start_date(), leads->end_date());
    if (!leads->has_mql_count() || CommonDays(counted, days).day_count() == 0) continue;
    facts->has_leads = true;
    facts->lead_count += CountOn(leads->mql_count(), counted, days);
  }
  return {};
}

void AddDeal(const book::OpportunityFacts& deal, Verdict verdict, bool won,
             const std::vector<ReasonRule>& rules, PeriodFacts* facts) {
  facts->won_count += won;
  if (verdict == Verdict::kTarget) facts->target_wins.Add(won);
  if (verdict == Verdict::kNotTarget) facts->other_wins.Add(won);
  if (won || verdict != Verdict::kTarget) return;
  if (deal.loss_reason.empty()) {
    ++facts->losses_without_reason;
  } else {
    ++facts->target_losses[static_cast<size_t>(ClassOf(deal.loss_reason, rules))];
  }
}

// Wins by a word of the opportunity, without regard to case.
class WinsByWord {
 public:
  void Add(std::string_view word, bool won) {
    all_.Add(won);
    if (word.empty()) return;
    WinsBy& entry = by_word_[Lower(word)];
    if (entry.name.empty()) entry.name = std::string(word);
    entry.wins.Add(won);
  }
  std::vector<WinsBy> Ranked() && {
    std::vector<WinsBy> out;
    for (auto& [key, entry] : by_word_) {
      entry.others = all_;
      entry.others.Subtract(entry.wins);
      out.push_back(std::move(entry));
    }
    std::stable_sort(out.begin(), out.end(), [](const WinsBy& a, const WinsBy& b) {
      return a.wins.trials > b.wins.trials;
    });
    if (out.size() > kWinsByMax) out.resize(kWinsByMax);
    return out;
  }

 private:
  Rate all_;
  std::map<std::string, WinsBy> by_word_;
};

Status ReadDeals(const Audience& audience, const book::BookView& view,
                 const DiagnosisQuestion& question, const CheckAlive& check_alive,
                 HandoverDiagnosis* out) {
  const FiscalCalendar& calendar = view.settings().calendar;
  WinsByWord products, competitors;
  for (uint32_t i = 0; i < view.opportunity_row_count(); ++i) {
    if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const auto row = static_cast<book::OpportunityRow>(i);
    if (!view.is_live(row)) continue;
    const book::OpportunityFacts deal = view.opportunity(row);
    const auto won = book::WonTime(deal, audience.as_of);
    const auto lost = book::LostTime(deal, audience.as_of);
    if (!won && !lost) continue;
    const absl::CivilDay closed = calendar.DayOf(won ? *won : *lost);
    const bool judged = book::IsRow(deal.account) && view.is_live(deal.account);
    const Verdict verdict = judged ? audience.verdict(deal.account) : Verdict::kUndecided;
    for (const auto& [days, facts] :
         {std::pair{&question.now, &out->now}, std::pair{&question.before, &out->before}}) {
      if (days->contains(closed)) {
        AddDeal(deal, verdict, won.has_value(), question.rules, facts);
      }
    }
    if (question.now.contains(closed)) {
      products.Add(deal.product, won.has_value());
      competitors.Add(deal.competitor, won.has_value());
    }
  }
  out->products = std::move(products).Ranked();
  out->competitors = std::move(competitors).Ranked();
  return {};
}

void FindOut(const DiagnosisQuestion& question, HandoverDiagnosis* out) {
  const PeriodFacts& now = out->now;
  const PeriodFacts& before = out->before;
  const double now_days = question.now.day_count();
  const double before_days = question.before.day_count();
  Rate wrong;
  for (int c = 1; c < kReasonClasses; ++c) {
    const int64_t count = now.target_losses[static_cast<size_t>(c)];
    wrong.trials += count;
    if (static_cast<ReasonClass>(c) != ReasonClass::kOther) wrong.successes += count;
  }
  if (wrong.trials > 0) {
    constexpr double kHalf = 0.5;
    out->wrong_reasons =
        Judge(wrong.value(), stats::WilsonInterval(wrong.successes, wrong.trials), kHalf, true);
  }
  out->targets_win_no_more = JudgeDifference(now.target_wins, now.other_wins, 0, false);
  const auto spend = [](const PeriodFacts& facts) {
    return static_cast<double>(facts.spend_micros.value_or(0));
  };
  out->money_wins_less =
      JudgeRatio(now.won_count, spend(now), before.won_count, spend(before), false);
  const bool counted = now.has_leads && before.has_leads;
  out->more_leads =
      JudgeRatio(counted ? now.lead_count : now.handshake.handover_count, now_days,
                 counted ? before.lead_count : before.handshake.handover_count, before_days, true);
  out->fewer_won = JudgeRatio(now.won_count, now_days, before.won_count, before_days, false);
  out->sales_refuses_others = JudgeDifference(now.accepted_targets, now.accepted_others, 0, true);
  if (now.spend_micros && spend(before) > 0) {
    out->spend_ratio = spend(now) / now_days / (spend(before) / before_days);
  }
}

}  // namespace

const std::vector<ReasonRule>& DefaultReasonRules() {
  static const std::vector<ReasonRule>* const kRules = new std::vector<ReasonRule>{
      {"no budget", ReasonClass::kWillNotSpend},
      {"no money", ReasonClass::kWillNotSpend},
      {"budget", ReasonClass::kWillNotSpend},
      {"funding", ReasonClass::kWillNotSpend},
      {"will not spend", ReasonClass::kWillNotSpend},
      {"no need", ReasonClass::kNoProblem},
      {"no problem", ReasonClass::kNoProblem},
      {"no pain", ReasonClass::kNoProblem},
      {"no project", ReasonClass::kNoProblem},
      {"no decision", ReasonClass::kNoProblem},
      {"not a priority", ReasonClass::kNoProblem},
      {"status quo", ReasonClass::kNoProblem},
      {"no value", ReasonClass::kNoValue},
      {"value", ReasonClass::kNoValue},
      {"price", ReasonClass::kNoValue},
      {"too expensive", ReasonClass::kNoValue},
      {"roi", ReasonClass::kNoValue},
  };
  return *kRules;
}

// `words` stand in `text` as words of their own, with or without an s: "roi" is not in
// "android". Both in lower case.
bool HasWords(std::string_view text, std::string_view words) {
  if (words.empty()) return false;
  const auto is_letter = [&](size_t at) {
    return at < text.size() && (absl::ascii_isalnum(static_cast<unsigned char>(text[at])) ||
                                static_cast<unsigned char>(text[at]) >= 0x80);
  };
  for (size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + 1)) {
    size_t end = at + words.size();
    if (end < text.size() && text[end] == 's') ++end;  // "budgets"
    if ((at == 0 || !is_letter(at - 1)) && !is_letter(end)) return true;
  }
  return false;
}

ReasonClass ClassOf(std::string_view reason, const std::vector<ReasonRule>& rules) {
  const std::string text = Lower(reason);
  for (const ReasonRule& rule : rules) {
    if (HasWords(text, Lower(rule.words))) return rule.of;
  }
  return ReasonClass::kOther;
}

FindingStatus JudgeWrongTarget(const HandoverDiagnosis& diagnosis) {
  const FindingStatus reasons = diagnosis.wrong_reasons.status;
  const FindingStatus wins = diagnosis.targets_win_no_more.status;
  if (reasons == FindingStatus::kYes) return FindingStatus::kYes;
  if (wins == FindingStatus::kYes && reasons != FindingStatus::kNo) return FindingStatus::kYes;
  if (reasons == FindingStatus::kNo && wins == FindingStatus::kNo) return FindingStatus::kNo;
  const bool nothing = reasons == FindingStatus::kNoData && wins == FindingStatus::kNoData;
  return nothing ? FindingStatus::kNoData : FindingStatus::kNotSure;
}

FindingStatus JudgeTrashIn(const HandoverDiagnosis& diagnosis) {
  const Finding& leads = diagnosis.more_leads;
  const Finding& won = diagnosis.fewer_won;
  if (!diagnosis.spend_ratio || leads.status == FindingStatus::kNoData ||
      won.status == FindingStatus::kNoData) {
    return FindingStatus::kNoData;
  }
  const bool leads_up = !leads.value || *leads.value > 1;
  const bool won_down = won.value && *won.value < 1;
  if (*diagnosis.spend_ratio <= 1 || !leads_up || !won_down) return FindingStatus::kNo;
  const bool sure = leads.status == FindingStatus::kYes && won.status == FindingStatus::kYes;
  return sure ? FindingStatus::kYes : FindingStatus::kNotSure;
}

Result<HandoverDiagnosis> DiagnoseHandovers(const Definition& definition, const Audience& audience,
                                            const book::BookView& view,
                                            const DiagnosisQuestion& question,
                                            const CheckAlive& check_alive) {
  HandoverDiagnosis out;
  ReadHandovers(definition, view, question.now, audience.as_of, &out.now);
  ReadHandovers(definition, view, question.before, audience.as_of, &out.before);
  GTM_RETURN_IF_ERROR(ReadMoney(view, question.now, &out.now));
  GTM_RETURN_IF_ERROR(ReadMoney(view, question.before, &out.before));
  GTM_RETURN_IF_ERROR(ReadDeals(audience, view, question, check_alive, &out));
  FindOut(question, &out);
  out.wrong_target = JudgeWrongTarget(out);
  out.trash_in = JudgeTrashIn(out);
  return out;
}

}  // namespace gtm::targeting::domain
