#pragma once
// What several accounts answered in interviews: what made it a priority, what outranked it.
// The tenant's own sub-types of triggers are derived from what customers and lost accounts say
// (UR-08, BE-12).

#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "common/book/book.h"
#include "common/core/result.h"

namespace gtm::targeting::domain {

// An answer of fewer accounts could tell who gave it.
inline constexpr int64_t kAnswerAccountsMin = 2;
inline constexpr size_t kInterviewAnswersMax = 200;

struct InterviewAnswer {
  std::string question;
  std::string answer;          // as written first
  int64_t customer_count = 0;  // accounts that have bought
  int64_t lost_count = 0;      // that have lost an opportunity and never bought
  int64_t other_count = 0;
  bool is_subtype = false;
  int64_t account_count() const { return customer_count + lost_count + other_count; }
};
struct InterviewAnswers {
  // By question as asked, then by falling number of accounts, then by answer.
  std::vector<InterviewAnswer> answers;
  int64_t interview_count = 0;  // that answer one of the questions
};

// Answers of interviews ("win_loss", "buyer_feedback") in (from, as_of], without regard to the
// case of letters and to blanks around them; an account counts once for an answer. `subtypes`
// in lower case. Asks `check_alive` now and then; its error ends the work.
Result<InterviewAnswers> CountInterviewAnswers(const book::BookView& view,
                                               std::span<const std::string> questions,
                                               const std::set<std::string>& subtypes,
                                               absl::Time from, absl::Time as_of,
                                               const std::function<Status()>& check_alive);

}  // namespace gtm::targeting::domain
