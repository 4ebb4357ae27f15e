#pragma once
// The charter of a sponsorship program: criteria, affinity, hours (SP-04 to SP-14).

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/core/result.h"
#include "common/criteria/attributes.h"
#include "common/criteria/criteria.h"
#include "services/sponsorship/domain/candidate.h"

namespace gtm::sponsorship::domain {

// Who gets a slot; see gtm.sponsorship.v1.SponsorshipProgram.Selection.
enum class Selection { kScoreFirst, kTotalValue };

// Points, 0 to 100 each (SP-14).
struct AffinityWeights {
  int32_t shared_interest = 0;
  int32_t shared_interest_count_max = 3;  // 1 to 50
  int32_t same_region = 0;
  int32_t same_personality = 0;
  int32_t known_industry = 0;
  int32_t same_function = 0;
};

// Minutes a week that one sponsee takes, 0 to 2,400 each, at least 1 in all (C08).
struct SponseeEffort {
  int32_t touch_week_minutes = 0;
  int32_t brief_week_minutes = 0;
  int32_t travel_week_minutes = 0;
  int32_t week_minutes() const {
    return touch_week_minutes + brief_week_minutes + travel_week_minutes;
  }
};

// What people write.
struct ProgramSpec {
  std::vector<criteria::Criterion> criteria;
  AffinityWeights affinity;
  SponseeEffort effort;
  int32_t keep_bonus_points = 0;        // 0 to 1,000 (C09)
  int32_t qualifying_score_points = 0;  // 0 to 100 (SP-09)
  int32_t known_weight_bps_min = 0;     // 0 to 10,000 (C27)
  Selection selection = Selection::kScoreFirst;
  bool same_region_required = false;
};

// Attributes that criteria may read, by rising name.
std::span<const criteria::Attribute> CandidateAttributes();

// Everything that is wrong with a program, each under "<field>.<path>". Paths are those of
// gtm.sponsorship.v1.SponsorshipProgram.
std::vector<FieldViolation> Validate(const ProgramSpec& spec, std::string_view field);

// A valid program, compiled. Immutable, thread-safe.
class Program {
 public:
  // Error: INVALID_FIELDS with everything that Validate finds.
  static Result<Program> Make(ProgramSpec spec, std::string_view field);

  const ProgramSpec& spec() const { return spec_; }
  criteria::ScoreRange Score(const Candidate& candidate) const;
  criteria::ExplainedScore Explain(const Candidate& candidate) const;

 private:
  Program(ProgramSpec spec, criteria::Evaluator evaluator);
  std::vector<criteria::Value> Read(const Candidate& candidate) const;

  // One readable attribute, resolved.
  struct Reader {
    criteria::Value (*read)(const Candidate& candidate, std::string_view key);
    std::string key;  // of a custom attribute
  };
  ProgramSpec spec_;
  criteria::Evaluator evaluator_;
  std::vector<Reader> readers_;  // one an input of the criteria
};

}  // namespace gtm::sponsorship::domain
