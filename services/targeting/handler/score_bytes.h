#pragma once
// Scores of accounts as the bytes of their messages. Most of an explanation is the same for
// every account that falls into the same band, so that it is written once a definition and
// copied from then on. A test holds the bytes equal to those of the messages (render.h).

#include <string>
#include <string_view>
#include <vector>

#include "services/targeting/domain/definition.h"
#include "services/targeting/domain/score_account.h"

namespace gtm::targeting::handler {

// Immutable, thread-safe.
class ScoreBytes {
 public:
  explicit ScoreBytes(const domain::Definition& definition);

  // Appends a gtm.targeting.v1.AccountScore without parts, or with them, as `field` of a
  // message. `definition` is the one that this was made from.
  static void Append(int field, std::string_view account_id, const domain::AccountScore& score,
                     std::string* out);
  void AppendExplained(const domain::Definition& definition, int field, std::string_view account_id,
                       const domain::WeighedAccount& account, std::string* out) const;

 private:
  // A gtm.type.v1.ScorePart of one outcome, before and behind the value that was seen.
  struct PartBytes {
    std::string before;
    std::string behind;
  };
  // By criterion, then by outcome; the last one is that of a missing value.
  using Parts = std::vector<std::vector<PartBytes>>;
  static Parts PartsOf(const criteria::Evaluator& evaluator);
  static void AppendScore(int field, const criteria::Evaluator& evaluator, const Parts& parts,
                          const criteria::ScoreRange& range,
                          std::span<const criteria::Value> values,
                          std::span<const uint32_t> outcomes, std::string* out);

  const Parts fit_;
  const Parts engagement_;
};

}  // namespace gtm::targeting::handler
