#include "services/targeting/domain/interview_answers.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

bool IsInterview(const crm::v1::SurveyResponse& survey) {
  return survey.survey() == "win_loss" || survey.survey() == "buyer_feedback";
}

// What became of the account's opportunities.
enum class Standing { kCustomer, kLost, kOther };

Standing StandingOf(const book::BookView& view, book::AccountRow account, absl::Time as_of) {
  Standing standing = Standing::kOther;
  for (const book::OpportunityRow row : view.opportunities_of(account)) {
    const book::OpportunityFacts facts = view.opportunity(row);
    if (book::WonTime(facts, as_of)) return Standing::kCustomer;
    if (book::LostTime(facts, as_of)) standing = Standing::kLost;
  }
  return standing;
}

struct Said {
  std::string text;  // as written first
  std::set<book::AccountRow> accounts;
};

}  // namespace

Result<InterviewAnswers> CountInterviewAnswers(const book::BookView& view,
                                               std::span<const std::string> questions,
                                               const std::set<std::string>& subtypes,
                                               absl::Time from, absl::Time as_of,
                                               const std::function<Status()>& check_alive) {
  constexpr size_t kInterviewsBetweenChecks = 4'096;
  InterviewAnswers out;
  std::vector<std::map<std::string, Said>> said(questions.size());  // by lower-case answer
  size_t looked_at = 0;
  for (const auto& survey : view.survey_responses()) {
    if (looked_at++ % kInterviewsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
    const absl::Time time = TimeOf(survey->occur_time());
    if (!IsInterview(*survey) || time <= from || time > as_of) continue;
    const auto account = view.FindAccount(survey->account_id());
    if (!account) continue;
    bool answers_one = false;
    for (size_t q = 0; q < questions.size(); ++q) {
      const auto found = survey->answers().find(questions[q]);
      if (found == survey->answers().end()) continue;
      const std::string text(absl::StripAsciiWhitespace(found->second));
      if (text.empty()) continue;
      answers_one = true;
      Said& here = said[q][absl::AsciiStrToLower(text)];
      if (here.text.empty()) here.text = text;
      here.accounts.insert(*account);
    }
    out.interview_count += answers_one ? 1 : 0;
  }
  for (size_t q = 0; q < questions.size(); ++q) {
    const size_t first = out.answers.size();
    for (const auto& [lower, here] : said[q]) {
      if (here.accounts.size() < kAnswerAccountsMin) continue;
      GTM_RETURN_IF_ERROR(check_alive());
      InterviewAnswer& answer = out.answers.emplace_back();
      answer.question = questions[q];
      answer.answer = here.text;
      answer.is_subtype = subtypes.contains(lower);
      for (const book::AccountRow account : here.accounts) {
        switch (StandingOf(view, account, as_of)) {
          case Standing::kCustomer:
            ++answer.customer_count;
            break;
          case Standing::kLost:
            ++answer.lost_count;
            break;
          case Standing::kOther:
            ++answer.other_count;
        }
      }
    }
    std::stable_sort(out.answers.begin() + static_cast<ptrdiff_t>(first), out.answers.end(),
                     [](const InterviewAnswer& a, const InterviewAnswer& b) {
                       return a.account_count() > b.account_count();
                     });
  }
  if (out.answers.size() > kInterviewAnswersMax) out.answers.resize(kInterviewAnswersMax);
  return out;
}

}  // namespace gtm::targeting::domain
