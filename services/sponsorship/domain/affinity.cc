#include "services/sponsorship/domain/affinity.h"

#include <algorithm>

namespace gtm::sponsorship::domain {
namespace {

int32_t SharedCount(const std::vector<int32_t>& a, const std::vector<int32_t>& b) {
  int32_t count = 0;
  for (auto x = a.begin(), y = b.begin(); x != a.end() && y != b.end();) {
    if (*x == *y)
      ++count, ++x, ++y;
    else if (*x < *y)
      ++x;
    else
      ++y;
  }
  return count;
}

// Calls visit(AffinityPart) for every kind with weight.
template <class Visit>
void VisitParts(const AffinityWeights& w, const Traits& c, const Traits& e, Visit visit) {
  const auto lists = [&](AffinityKind kind, const std::vector<int32_t>& a,
                         const std::vector<int32_t>& b, int32_t points, int32_t count_max) {
    if (points == 0) return;
    const int32_t shared = SharedCount(a, b);
    visit(AffinityPart{kind, points * std::min(shared, count_max), points * count_max,
                       !a.empty() && !b.empty(), shared});
  };
  const auto words = [&](AffinityKind kind, int32_t a, int32_t b, int32_t points) {
    if (points == 0) return;
    const bool known = a >= 0 && b >= 0;
    const bool same = known && a == b;
    visit(AffinityPart{kind, same ? points : 0, points, known, same ? 1 : 0});
  };
  lists(AffinityKind::kInterests, c.interests, e.interests, w.shared_interest,
        w.shared_interest_count_max);
  words(AffinityKind::kRegion, c.region, e.region, w.same_region);
  words(AffinityKind::kPersonality, c.personality, e.personality, w.same_personality);
  lists(AffinityKind::kIndustry, c.industries, e.industries, w.known_industry, 1);
  words(AffinityKind::kFunction, c.job_function, e.job_function, w.same_function);
}

}  // namespace

int32_t TraitReader::NumberOf(std::string_view word) {
  while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
  while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
  if (word.empty()) return -1;
  std::string folded(word);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return numbers_.emplace(std::move(folded), static_cast<int32_t>(numbers_.size())).first->second;
}

template <class Words>
std::vector<int32_t> TraitReader::NumbersOf(const Words& words) {
  std::vector<int32_t> numbers;
  for (const auto& word : words) {
    const int32_t number = NumberOf(word);
    if (number >= 0) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  return numbers;
}

Traits TraitReader::Read(const Candidate& candidate) {
  Traits traits;
  traits.interests = NumbersOf(candidate.contact.interests);
  if (candidate.account) {
    const int32_t industry = NumberOf(candidate.account->industry);
    if (industry >= 0) traits.industries.push_back(industry);
  }
  traits.region = NumberOf(candidate.region());
  traits.personality = NumberOf(candidate.contact.personality);
  traits.job_function = NumberOf(candidate.contact.job_function);
  return traits;
}

Traits TraitReader::Read(const Executive& executive) {
  Traits traits;
  traits.interests = NumbersOf(executive.interests);
  traits.industries = NumbersOf(executive.industries);
  traits.region = NumberOf(executive.region);
  traits.personality = NumberOf(executive.personality);
  traits.job_function = NumberOf(executive.job_function);
  return traits;
}

Affinity FindAffinity(const AffinityWeights& weights, const Traits& candidate,
                      const Traits& executive) {
  Affinity affinity;
  VisitParts(weights, candidate, executive, [&](const AffinityPart& part) {
    affinity.points += part.points;
    affinity.parts.push_back(part);
  });
  return affinity;
}

int32_t AffinityPoints(const AffinityWeights& weights, const Traits& candidate,
                       const Traits& executive) {
  int32_t points = 0;
  VisitParts(weights, candidate, executive,
             [&](const AffinityPart& part) { points += part.points; });
  return points;
}

}  // namespace gtm::sponsorship::domain
