#include "services/targeting/domain/message_check.h"

#include <algorithm>
#include <array>
#include <set>

#include "absl/strings/ascii.h"
#include "services/targeting/domain/message_claims.h"

namespace gtm::targeting::domain {
namespace {

constexpr std::array<std::string_view, 36> kAskingVerbs = {
    "answer",  "book",     "call",     "check", "choose", "click",    "compare", "confirm",
    "decide",  "download", "email",    "fill",  "follow", "forward",  "join",    "let",
    "look",    "meet",     "open",     "pick",  "read",   "register", "reply",   "respond",
    "reserve", "review",   "schedule", "see",   "send",   "share",    "sign",    "start",
    "tell",    "try",      "visit",    "watch"};
constexpr std::array<std::string_view, 7> kLeadIns = {"please", "just",   "simply", "then",
                                                      "so",     "kindly", "now"};
constexpr std::array<std::string_view, 24> kStockPhrases = {
    "all-in-one solution", "at the next level",   "best-in-class",    "best of breed",
    "circle back",         "cutting-edge",        "cutting edge",     "digital transformation",
    "empower your",        "game changer",        "game-changing",    "hope this email finds you",
    "industry-leading",    "innovative solution", "move the needle",  "next-generation",
    "one-stop shop",       "pick your brain",     "revolutionary",    "seamless experience",
    "state-of-the-art",    "touch base",          "unlock the power", "world-class"};

bool IsWordByte(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         static_cast<unsigned char>(c) >= 0x80 || c == '\'';
}

std::string Lower(std::string_view text) {
  return absl::AsciiStrToLower({text.data(), text.size()});
}

struct Sentence {
  std::string_view text;
  std::vector<std::string_view> words;
};

// Words: runs of letters, digits and apostrophes; a hyphen, point or "@" within is part of
// one, so that an address counts once.
std::vector<std::string_view> WordsOf(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t i = 0; i < text.size();) {
    if (!IsWordByte(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size()) {
      const bool joins = std::string_view("-./@:_?=&%+").find(text[i]) != std::string_view::npos &&
                         i + 1 < text.size() && (IsWordByte(text[i + 1]) || text[i + 1] == '/');
      if (!IsWordByte(text[i]) && !joins) break;
      ++i;
    }
    words.push_back(text.substr(begin, i - begin));
  }
  return words;
}

bool EndsSentence(std::string_view text, size_t i) {
  if (text[i] == '\n') {
    // An empty line, or a list item that follows.
    size_t next = i + 1;
    while (next < text.size() && (text[next] == ' ' || text[next] == '\r')) ++next;
    return next >= text.size() || text[next] == '\n' || text[next] == '-' || text[next] == '*';
  }
  if (text[i] != '.' && text[i] != '!' && text[i] != '?') return false;
  return i + 1 >= text.size() || absl::ascii_isspace(static_cast<unsigned char>(text[i + 1]));
}

std::vector<Sentence> SentencesOf(std::string_view text) {
  std::vector<Sentence> out;
  size_t begin = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !EndsSentence(text, i)) continue;
    const absl::string_view part(text.data() + begin, std::min(i + 1, text.size()) - begin);
    const absl::string_view clean = absl::StripAsciiWhitespace(part);
    Sentence sentence{{clean.data(), clean.size()}, {}};
    sentence.words = WordsOf(sentence.text);
    if (!sentence.words.empty()) out.push_back(std::move(sentence));
    begin = i + 1;
  }
  return out;
}

bool Asks(const Sentence& sentence) {
  if (sentence.text.back() == '?') return true;
  for (const std::string_view word : sentence.words) {
    const std::string lower = Lower(word);
    if (std::find(kLeadIns.begin(), kLeadIns.end(), lower) != kLeadIns.end()) continue;
    return std::find(kAskingVerbs.begin(), kAskingVerbs.end(), lower) != kAskingVerbs.end();
  }
  return false;
}

// `part` in `text`, both in lower case, as words of their own.
bool HasWords(std::string_view text, std::string_view part) {
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    const bool begins = at == 0 || !IsWordByte(text[at - 1]);
    const size_t end = at + part.size();
    if (begins && (end == text.size() || !IsWordByte(text[end]))) return true;
  }
  return false;
}

class Checker {
 public:
  Checker(std::string_view text, const MessageTarget& target)
      : lower_(Lower(text)), target_(target), sentences_(SentencesOf(text)) {}

  MessageCheck Check() && {
    for (const Sentence& sentence : sentences_) {
      out_.word_count += static_cast<int>(sentence.words.size());
    }
    out_.read_seconds = out_.word_count * 60 / kWordsPerMinute;
    CheckComplexity();
    const size_t complex = out_.findings.size();
    CheckSpecifics();
    const size_t generic = out_.findings.size();
    CheckActions();
    const size_t unclear = out_.findings.size();
    CheckClaims();
    if (complex > 0) {
      out_.verdict = MessageVerdict::kTooComplex;
    } else if (generic > complex) {
      out_.verdict = MessageVerdict::kTooGeneric;
    } else if (unclear > generic) {
      out_.verdict = MessageVerdict::kUnclearAction;
    } else if (out_.findings.size() > unclear) {
      out_.verdict = MessageVerdict::kContradicts;
    }
    if (out_.findings.size() > kFindingsMax) out_.findings.resize(kFindingsMax);
    return std::move(out_);
  }

 private:
  void Find(MessageRule rule, std::string_view excerpt, double observed, double limit) {
    out_.findings.push_back({rule, std::string(excerpt), observed, limit});
  }

  void CheckComplexity() {
    if (out_.read_seconds > target_.read_seconds_max) {
      Find(MessageRule::kTooLong, "", out_.read_seconds, target_.read_seconds_max);
    }
    int hard = 0;
    for (const Sentence& sentence : sentences_) {
      const auto count = static_cast<int>(sentence.words.size());
      if (count > kSentenceWordsMax) {
        Find(MessageRule::kLongSentence, sentence.text, count, kSentenceWordsMax);
      }
      for (const std::string_view word : sentence.words) hard += SyllableCount(word) >= 3 ? 1 : 0;
    }
    const double share = out_.word_count == 0 ? 0 : static_cast<double>(hard) / out_.word_count;
    if (out_.word_count >= kHardWordsMin && share > kHardShareMax) {
      Find(MessageRule::kHardWords, "", share, kHardShareMax);
    }
  }

  void CheckSpecifics() {
    std::set<std::string> named;
    for (const std::string& word : target_.words) {
      if (!word.empty() && HasWords(lower_, Lower(word))) named.insert(word);
    }
    for (const Sentence& sentence : sentences_) {
      for (const std::string_view word : sentence.words) {
        const bool number = std::all_of(word.begin(), word.end(), [](char c) {
          return absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '.' || c == '-';
        });
        if (number) named.emplace(word);
      }
    }
    out_.specifics.assign(named.begin(), named.end());
    if (named.empty() && !target_.words.empty()) Find(MessageRule::kNothingSpecific, "", 0, 1);
    for (const std::string_view phrase : kStockPhrases) {
      if (HasWords(lower_, phrase)) Find(MessageRule::kStockPhrase, phrase, 1, 0);
    }
  }

  void CheckActions() {
    int count = 0;
    for (const Sentence& sentence : sentences_) {
      if (!Asks(sentence)) continue;
      if (++count <= kActionsMax) out_.actions.emplace_back(sentence.text);
    }
    if (count == 0) Find(MessageRule::kNoAction, "", 0, 1);
    if (count > 1) Find(MessageRule::kSeveralActions, "", count, 1);
  }

  // Bare numbers of what is asked claim nothing ("15 minutes on Tuesday?"); shares, amounts and
  // factors do ("Did you know that teams save 60%?").
  void CheckClaims() {
    if (target_.agreed_text.empty()) return;
    std::set<std::string> agreed;
    for (NumberClaim& claim : NumberClaimsOf(target_.agreed_text)) {
      agreed.insert(std::move(claim.number));
    }
    std::set<std::string> found;
    for (const Sentence& sentence : sentences_) {
      const bool asks = Asks(sentence);
      for (const NumberClaim& claim : NumberClaimsOf(sentence.text)) {
        if (asks && claim.is_bare) continue;
        if (agreed.contains(claim.number) || !found.insert(claim.number).second) continue;
        Find(MessageRule::kNumberNotAgreed, claim.excerpt, 1, 0);
      }
    }
  }

  const std::string lower_;
  const MessageTarget& target_;
  const std::vector<Sentence> sentences_;
  MessageCheck out_;
};

}  // namespace

int SyllableCount(std::string_view word) {
  const std::string lower = Lower(word);
  int count = 0;
  bool in_vowels = false;
  for (const char c : lower) {
    const bool vowel = std::string_view("aeiouy").find(c) != std::string_view::npos;
    if (vowel && !in_vowels) ++count;
    in_vowels = vowel;
  }
  // A silent e, as in "table" it is not.
  const bool silent =
      lower.size() > 2 && lower.back() == 'e' && !lower.ends_with("le") &&
      std::string_view("aeiouy").find(lower[lower.size() - 2]) == std::string_view::npos;
  if (silent && count > 1) --count;
  return std::max(count, 1);
}

MessageCheck CheckMessage(std::string_view text, const MessageTarget& target) {
  return Checker(text, target).Check();
}

}  // namespace gtm::targeting::domain
