#include <algorithm>

#include "common/core/sha256.h"
#include "services/sponsorship/domain/plan.h"

namespace gtm::sponsorship::domain {
namespace {

void Add(Sha256* hash, const std::optional<int32_t>& number) {
  hash->Update(int64_t{number.has_value()}).Update(int64_t{number.value_or(0)});
}

template <class Words>
void AddWords(Sha256* hash, const Words& words) {
  hash->Update(static_cast<int64_t>(words.size()));
  for (const auto& word : words) hash->UpdateText(word);
}

void Add(Sha256* hash, const Executive& e) {
  hash->UpdateText(e.id).Update(int64_t{e.work_week_hours});
  Add(hash, e.week_minutes);
  Add(hash, e.slot_limit);
  hash->Update(int64_t{!e.eligible ? 2 : *e.eligible ? 1 : 0});
  AddWords(hash, e.interests);
  AddWords(hash, e.industries);
  hash->UpdateText(e.region).UpdateText(e.personality).UpdateText(e.job_function);
}

// A candidate by what the program sees of it: score parts and traits.
void Add(Sha256* hash, const Program& program, const Candidate& c) {
  hash->UpdateText(c.id()).UpdateText(c.contact.account_id);
  for (const criteria::Part& part : program.Explain(c).parts) {
    hash->Update(part.micropoints).Update(int64_t{part.known});
  }
  AddWords(hash, c.contact.interests);
  hash->UpdateText(c.account ? c.account->industry : std::string_view());
  hash->UpdateText(c.region()).UpdateText(c.contact.personality);
  hash->UpdateText(c.contact.job_function);
}

}  // namespace

std::string HashInput(const Program& program, std::string_view program_sha256,
                      const PlanInput& input) {
  Sha256 hash;
  hash.UpdateText(program_sha256);
  hash.Update(static_cast<int64_t>(input.candidates.size()));
  for (const Candidate& c : input.candidates) Add(&hash, program, c);
  hash.Update(static_cast<int64_t>(input.executives.size()));
  for (const Executive& e : input.executives) Add(&hash, e);
  hash.Update(static_cast<int64_t>(input.live.size()));
  for (const LiveSponsorship& l : input.live) {
    hash.UpdateText(l.id).UpdateText(l.contact_id).UpdateText(l.executive_id);
  }
  auto excluded = input.excluded;
  std::sort(excluded.begin(), excluded.end());
  hash.Update(static_cast<int64_t>(excluded.size()));
  for (const auto& [contact, executive] : excluded) hash.UpdateText(contact).UpdateText(executive);
  return hash.HexDigest();
}

}  // namespace gtm::sponsorship::domain
