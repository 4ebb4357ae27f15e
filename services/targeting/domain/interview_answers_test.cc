#include "services/targeting/domain/interview_answers.h"

#include <gtest/gtest.h>

#include "common/testing/record_builders.h"

namespace gtm::targeting::domain {
namespace {

using test::At;

class Interviews : public testing::Test {
 protected:
  Interviews() { Put(test::TenantSettings()); }
  void Put(const records::v1::Record& record) { book_.Apply({{record}}, "e", ++seq_); }
  // An account whose only opportunity ends as `stage` says.
  void Account(const std::string& id, const std::string& stage) {
    Put(test::Account(id));
    Put(test::Opportunity(id + "-o", id).Stage("2026-01-10", "open").Stage("2026-02-01", stage));
  }
  void Answer(const std::string& account, const std::string& question, const std::string& text,
              const std::string& survey = "win_loss", const char* time = "2026-03-01") {
    crm::v1::SurveyResponse response;
    response.set_id("s" + std::to_string(seq_));
    response.set_account_id(account);
    response.set_survey(survey);
    *response.mutable_occur_time() = test::Stamp(time);
    (*response.mutable_answers())[question] = text;
    Put(test::Wrap(response));
  }
  InterviewAnswers Count() {
    return CountInterviewAnswers(book_.View(), questions_, {"board mandate"}, At("2025-06-30"),
                                 At("2026-06-30"), [] { return Status(); })
        .value();
  }

  book::Book book_;
  int64_t seq_ = 0;
  std::vector<std::string> questions_ = {"made_it_a_priority", "outranked_by"};
};

// UR-08: from interviews of current and lost customers.
TEST_F(Interviews, TellWhatMadeItAPriorityAndWhatOutrankedIt) {
  Account("c1", "won");
  Account("c2", "won");
  Account("l1", "lost");
  Account("l2", "lost");
  Account("x1", "open");
  Answer("c1", "made_it_a_priority", " Board mandate");
  Answer("c2", "made_it_a_priority", "board MANDATE ");
  Answer("c2", "made_it_a_priority", "Board mandate", "buyer_feedback");  // once an account
  Answer("l1", "outranked_by", "Hiring freeze");
  Answer("l2", "outranked_by", "hiring freeze");
  Answer("x1", "outranked_by", "hiring freeze");
  Answer("l1", "outranked_by", "Only we said so");
  Answer("l2", "made_it_a_priority", "  ");
  Answer("c1", "outranked_by", "Hiring freeze", "nps");
  Answer("c1", "outranked_by", "Hiring freeze", "win_loss", "2026-07-01");
  Answer("c1", "outranked_by", "Hiring freeze", "win_loss", "2025-06-01");
  Answer("nobody", "outranked_by", "hiring freeze");
  const InterviewAnswers counted = Count();
  EXPECT_EQ(counted.interview_count, 7);
  ASSERT_EQ(counted.answers.size(), 2u) << "what one account alone said is not told";
  const InterviewAnswer& mandate = counted.answers[0];
  EXPECT_EQ(mandate.question, "made_it_a_priority");
  EXPECT_EQ(mandate.answer, "Board mandate");
  EXPECT_EQ(mandate.customer_count, 2);
  EXPECT_TRUE(mandate.is_subtype);
  const InterviewAnswer& freeze = counted.answers[1];
  EXPECT_EQ(freeze.customer_count, 0);
  EXPECT_EQ(freeze.lost_count, 2);
  EXPECT_EQ(freeze.other_count, 1);
  EXPECT_FALSE(freeze.is_subtype) << "it may be worth one";
}

}  // namespace
}  // namespace gtm::targeting::domain
