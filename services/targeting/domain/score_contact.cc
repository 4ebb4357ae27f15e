#include "services/targeting/domain/score_contact.h"

#include "common/core/money.h"
#include "services/targeting/domain/values_text.h"

namespace gtm::targeting::domain {

Result<ContactScore> ScoreContact(const Definition& definition, const book::BookView& view,
                                  book::ContactRow row, absl::Time as_of) {
  if (definition.person() == nullptr) {
    return Error(Reason::DATA_MISSING,
                 "the question cannot be answered from the records: the definition has no "
                 "person_criteria; sign one off that has")
        .With("missing", "person_criteria");
  }
  const book::ContactFacts contact = view.contact(row);
  EngagementMeasure measure;
  if (book::IsRow(contact.account)) {
    EngagementMeter meter(definition.spec().engagement_rule, as_of);
    measure = meter.Measure(view.engagements_of(contact.account), row);
  }
  std::vector<criteria::Value> values;
  for (const AttributeRef& attribute : definition.person_attributes()) {
    values.push_back(ReadContact(attribute, contact, measure));
  }
  ContactScore score;
  score.fit = definition.person()->Explain(values);
  if (contact.buying_role > 0 && contact.buying_role < kBuyingRoleCount) {
    score.role_factor_bps = definition.spec().role_factor_bps[contact.buying_role];
  }
  const auto weigh = [&](int64_t points) {
    return MulDivRoundHalfEven(points, score.role_factor_bps, criteria::kFullShareBps).value();
  };
  score.weighted_micropoints = weigh(score.fit.range.micropoints);
  score.weighted_low_micropoints = weigh(score.fit.range.low_micropoints);
  score.weighted_high_micropoints = weigh(score.fit.range.high_micropoints);
  AppendText(contact.id, &score.inputs);
  AppendValues(values, &score.inputs);
  AppendNumber(static_cast<uint64_t>(score.role_factor_bps), &score.inputs);
  return score;
}

}  // namespace gtm::targeting::domain
