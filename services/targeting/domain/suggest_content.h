#pragma once
// What to give a person next, and on which channel (BE-05, BE-06, BE-11, BE-13).

#include <string>
#include <vector>

#include "services/targeting/domain/content_efficacy.h"

namespace gtm::targeting::domain {

struct ContentSuggestion {
  std::string key;
  MoveChance chance;
  std::string reason;  // a sentence
};

struct ContentAdvice {
  std::vector<ContentSuggestion> suggestions;  // by falling low end, then rising key
  JourneyStep step = JourneyStep::kUnknown;
  BuyerKind buyer;
  MovedCount step_average;
  std::vector<std::string> met_keys;  // by rising key
  int met_candidate_count = 0;
};

struct SuggestQuestion {
  absl::Time as_of;
  std::vector<std::string> candidates;  // empty: all that anybody met
  size_t count_max = 5;
};
// Ranked by the low end of the interval of the chance, so that one lucky case does not lead.
// Never what the person has met, by whoever's act. A person of an account of unknown step
// is taken to be at the first.
ContentAdvice SuggestContent(const book::BookView& view, const ContentEfficacy& efficacy,
                             book::ContactRow contact, const SuggestQuestion& question);

// Numbers as in gtm.targeting.v1.ChannelPreference.Source.
enum class ChannelSource { kNone = 0, kRecorded = 1, kLearned = 2 };
inline constexpr int64_t kChannelActsMin = 5;
inline constexpr int kChannelDays = 730;

struct ChannelPreference {
  std::string channel;
  ChannelSource source = ChannelSource::kNone;
  int64_t act_count = 0;    // on that channel
  int64_t total_count = 0;  // on all
  bool clear = false;       // enough acts, and above every other channel
};
// As recorded; else the channel of most acts that the person chose alone.
ChannelPreference PreferredChannel(const book::BookView& view, book::ContactRow contact,
                                   absl::Time as_of);

}  // namespace gtm::targeting::domain
