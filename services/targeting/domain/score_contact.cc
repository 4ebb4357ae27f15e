#include "services/targeting/domain/score_contact.h"

#include <algorithm>

#include "common/core/money.h"
#include "services/targeting/domain/best_page.h"
#include "services/targeting/domain/values_text.h"

namespace gtm::targeting::domain {
namespace {

struct Candidate {
  std::string_view id;
  book::ContactRow row{book::kNoRow};
  int64_t weighted = 0;
};

bool Before(int64_t weighted_a, std::string_view id_a, int64_t weighted_b, std::string_view id_b) {
  return weighted_a != weighted_b ? weighted_a > weighted_b : id_a < id_b;
}
bool Before(const Candidate& a, const Candidate& b) {
  return Before(a.weighted, a.id, b.weighted, b.id);
}

}  // namespace

Status CheckScoresPeople(const Definition& definition) {
  if (definition.person() != nullptr) return {};
  return Error(Reason::DATA_MISSING,
               "the question cannot be answered from the records: the definition has no "
               "person_criteria; sign one off that has")
      .With("missing", "person_criteria");
}

ContactScorer::ContactScorer(const Definition& definition, const book::BookView& view,
                             absl::Time as_of)
    : definition_(definition),
      view_(view),
      meter_(definition.spec().engagement_rule, as_of),
      reads_engagement_(std::any_of(definition.person_attributes().begin(),
                                    definition.person_attributes().end(), ReadsEngagement)) {}

void ContactScorer::Read(book::ContactRow row) {
  contact_ = view_.contact(row);
  EngagementMeasure measure;
  if (reads_engagement_ && book::IsRow(contact_.account)) {
    measure = meter_.Measure(view_.engagements_of(contact_.account), row);
  }
  values_.clear();
  for (const AttributeRef& attribute : definition_.person_attributes()) {
    values_.push_back(ReadContact(attribute, contact_, measure));
  }
  role_factor_bps_ = contact_.buying_role > 0 && contact_.buying_role < kBuyingRoleCount
                         ? definition_.spec().role_factor_bps[contact_.buying_role]
                         : criteria::kFullShareBps;
}

int64_t ContactScorer::Weigh(int64_t points) const {
  return MulDivRoundHalfEven(points, role_factor_bps_, criteria::kFullShareBps).value();
}

int64_t ContactScorer::Score(book::ContactRow row) {
  Read(row);
  return Weigh(definition_.person()->Score(values_));
}

ContactScore ContactScorer::Explain(book::ContactRow row) {
  Read(row);
  ContactScore score;
  score.fit = definition_.person()->Explain(values_);
  score.role_factor_bps = role_factor_bps_;
  score.weighted_micropoints = Weigh(score.fit.range.micropoints);
  score.weighted_low_micropoints = Weigh(score.fit.range.low_micropoints);
  score.weighted_high_micropoints = Weigh(score.fit.range.high_micropoints);
  AppendText(contact_.id, &score.inputs);
  AppendValues(values_, &score.inputs);
  AppendNumber(static_cast<uint64_t>(score.role_factor_bps), &score.inputs);
  return score;
}

Result<RankedPeople> RankPeople(const Definition& definition, const book::BookView& view,
                                absl::Time as_of, const PeopleFilter& filter,
                                const std::optional<PersonPosition>& after, size_t page_size,
                                const std::function<Status()>& check_alive) {
  constexpr uint32_t kRowsBetweenChecks = 4'096;
  GTM_RETURN_IF_ERROR(CheckScoresPeople(definition));
  ContactScorer scorer(definition, view, as_of);
  RankedPeople page;
  BestPage<Candidate, Before> best(page_size);
  const auto add = [&](book::ContactRow row) {
    const int64_t weighted = scorer.Score(row);
    if (weighted < filter.min_weighted_micropoints) return;
    ++page.total_count;
    const Candidate candidate{view.contact(row).id, row, weighted};
    if (after && !Before(after->weighted_micropoints, after->contact_id, weighted, candidate.id)) {
      return;
    }
    best.Add(candidate);
  };
  if (filter.account) {
    for (const book::ContactRow row : view.contacts_of(*filter.account)) add(row);
  } else {
    for (uint32_t i = 0; i < view.contact_row_count(); ++i) {
      if (i % kRowsBetweenChecks == 0) GTM_RETURN_IF_ERROR(check_alive());
      const auto row = static_cast<book::ContactRow>(i);
      if (view.is_live(row)) add(row);
    }
  }
  for (const Candidate& candidate : best.Take(&page.more)) page.people.push_back(candidate.row);
  return page;
}

}  // namespace gtm::targeting::domain
