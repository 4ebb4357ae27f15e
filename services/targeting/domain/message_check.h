#pragma once
// Whether a message can be read in 30 seconds, asks for one thing, means its reader, and says no
// other numbers than sales and marketing agreed to say (BE-08, BE-09, FC-30). Pure text; rules are
// for English.

#include <string>
#include <string_view>
#include <vector>

namespace gtm::targeting::domain {

// Silent reading of English non-fiction, words a minute (Brysbaert, 2019,
// doi:10.1016/j.jml.2019.104047).
inline constexpr double kWordsPerMinute = 238;
// Plain-language advice of the UK government: sentences of 25 words at most.
inline constexpr int kSentenceWordsMax = 25;
// Words of three syllables and more are hard (Gunning, 1952); more than one in five is the
// platform's own limit. Judged from 10 words on.
inline constexpr double kHardShareMax = 0.2;
inline constexpr int kHardWordsMin = 10;
inline constexpr int kFindingsMax = 100;
inline constexpr int kActionsMax = 50;

// Numbers as in gtm.targeting.v1.
enum class MessageRule {
  kTooLong = 1,
  kLongSentence = 2,
  kHardWords = 3,
  kNothingSpecific = 4,
  kStockPhrase = 5,
  kNoAction = 6,
  kSeveralActions = 7,
  kNumberNotAgreed = 8,
};
enum class MessageVerdict {
  kPass = 1,
  kTooComplex = 2,
  kTooGeneric = 3,
  kUnclearAction = 4,
  kContradicts = 5
};

struct MessageFinding {
  MessageRule rule;
  std::string excerpt;
  double observed = 0;
  double limit = 0;
};

struct MessageCheck {
  MessageVerdict verdict = MessageVerdict::kPass;
  std::vector<MessageFinding> findings;  // in the order of the rules
  int word_count = 0;
  double read_seconds = 0;
  std::vector<std::string> actions;    // sentences that ask for something
  std::vector<std::string> specifics;  // named in the text, by rising word
};

struct MessageTarget {
  // What is particular to whom it is for; empty: not told, so that it is not judged.
  std::vector<std::string> words;
  int read_seconds_max = 30;
  // What sales and marketing agreed to say; empty: not told, so that it is not judged.
  std::string agreed_text;
};

// A sentence asks for something where it ends with a question mark, or begins with a verb
// of a list ("book", "reply", after "please" and the like).
MessageCheck CheckMessage(std::string_view text, const MessageTarget& target);

// Syllables of a word, by its groups of vowels; at least 1.
int SyllableCount(std::string_view word);

}  // namespace gtm::targeting::domain
