#include "services/targeting/domain/message_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gtm::targeting::domain {
namespace {

using ::testing::ElementsAre;

std::vector<MessageRule> RulesOf(const MessageCheck& check) {
  std::vector<MessageRule> rules;
  for (const MessageFinding& finding : check.findings) rules.push_back(finding.rule);
  return rules;
}

constexpr char kGood[] =
    "Hi Ann,\n\n"
    "Since the merger, your finance team at Birch Mutual closes two sets of books. Teams of your\n"
    "size cut that from nine days to four.\n\n"
    "Could you tell me who owns the close today?\n\nBest,\nSam";

const MessageTarget kTarget{{"Birch Mutual", "insurance", "finance"}, 30};

TEST(CheckMessage, PassesWhatIsShortAndMeansItsReader) {  // BE-08, FC-30
  const MessageCheck check = CheckMessage(kGood, kTarget);
  EXPECT_EQ(check.verdict, MessageVerdict::kPass);
  EXPECT_THAT(check.actions, ElementsAre("Could you tell me who owns the close today?"));
  EXPECT_THAT(check.specifics, ElementsAre("Birch Mutual", "finance"));
  EXPECT_LT(check.read_seconds, 30);
}

TEST(CheckMessage, ThirtySecondsAreAHundredAndNineteenWords) {  // BE-08
  const auto words = [](int count) {
    std::string text = "Reply today.";
    for (int i = 2; i < count; ++i) text += i % 10 == 0 ? " end. Then" : " word";
    return text;
  };
  const auto is_long = [&](int count) {
    const auto rules = RulesOf(CheckMessage(words(count), {}));
    return std::find(rules.begin(), rules.end(), MessageRule::kTooLong) != rules.end();
  };
  EXPECT_FALSE(is_long(100));
  EXPECT_TRUE(is_long(140));
}

TEST(CheckMessage, FindsWhatIsTooComplex) {
  const MessageCheck check = CheckMessage(
      "Our organizational transformation methodology facilitates interdepartmental communication "
      "optimization. Please reply.",
      {});
  EXPECT_EQ(check.verdict, MessageVerdict::kTooComplex);
  EXPECT_THAT(RulesOf(check), ElementsAre(MessageRule::kHardWords));
  std::string sentence = "We";
  for (int i = 0; i < 25; ++i) sentence += " go";
  EXPECT_THAT(RulesOf(CheckMessage(sentence + ". Reply.", {})),
              ElementsAre(MessageRule::kLongSentence));
}

TEST(CheckMessage, FindsWhatIsTooGeneric) {
  const MessageCheck check = CheckMessage(
      "I hope this email finds you well. We have a world-class tool for teams like yours. Want a "
      "demo?",
      kTarget);
  EXPECT_EQ(check.verdict, MessageVerdict::kTooGeneric);
  EXPECT_THAT(RulesOf(check), ElementsAre(MessageRule::kNothingSpecific, MessageRule::kStockPhrase,
                                          MessageRule::kStockPhrase));
}

TEST(CheckMessage, WantsExactlyOneThing) {  // FC-30
  EXPECT_THAT(RulesOf(CheckMessage("We cut the close to 4 days.", {})),
              ElementsAre(MessageRule::kNoAction));
  const MessageCheck check =
      CheckMessage("We cut the close to 4 days. Please book a slot. Also, who owns it?", {});
  EXPECT_EQ(check.verdict, MessageVerdict::kUnclearAction);
  EXPECT_THAT(RulesOf(check), ElementsAre(MessageRule::kSeveralActions));
  EXPECT_EQ(check.actions.size(), 2u);
}

TEST(CheckMessage, TakesAnAddressForOneWordAndAnythingForText) {
  EXPECT_EQ(CheckMessage("See https://example.com/a-b/c?d=1.", {}).word_count, 2);
  for (const char* text : {"", " ", "...", "\n\n?", "\xff\xfe", "?!?"}) {
    EXPECT_GE(CheckMessage(text, kTarget).word_count, 0);
  }
}

TEST(SyllableCount, CountsGroupsOfVowels) {
  EXPECT_EQ(SyllableCount("close"), 1);
  EXPECT_EQ(SyllableCount("table"), 2);
  EXPECT_EQ(SyllableCount("finance"), 2);
  EXPECT_EQ(SyllableCount("organization"), 5);
  EXPECT_EQ(SyllableCount("hm"), 1);
}

TEST(CheckMessage, FindsNumbersThatNobodyAgreedTo) {  // BE-09
  MessageTarget target = kTarget;
  target.agreed_text = "Close in 4 days instead of 9. Birch-sized teams save 40 percent.";
  const std::string good =
      "Finance teams of your size close in 4 days, not 9, and save 40%.\n\n"
      "Could we talk for 15 minutes on Tuesday?";
  EXPECT_EQ(CheckMessage(good, target).verdict, MessageVerdict::kPass)
      << "what is asked claims nothing";
  const std::string other =
      "Finance teams of your size close in 2 days, not 9, and save 60%. Yes, 60 %.\n\n"
      "Could we talk on Tuesday?";
  const MessageCheck check = CheckMessage(other, target);
  EXPECT_EQ(check.verdict, MessageVerdict::kContradicts);
  ASSERT_EQ(check.findings.size(), 2U) << "each number once";
  EXPECT_EQ(check.findings[0].excerpt, "2");
  EXPECT_EQ(check.findings[1].excerpt, "60%");
  EXPECT_EQ(CheckMessage("Did you know that finance teams save 60%?", target).verdict,
            MessageVerdict::kContradicts)
      << "a question claims, too";
  EXPECT_EQ(CheckMessage(other, kTarget).verdict, MessageVerdict::kPass) << "nothing agreed";
}

}  // namespace
}  // namespace gtm::targeting::domain
