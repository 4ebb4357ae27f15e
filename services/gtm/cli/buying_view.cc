#include "services/gtm/cli/buying_view.h"

#include <fmt/format.h>

#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

namespace v1 = targeting::v1;
using type::v1::Estimate;

const char* FindingText(v1::EnablementEffect::Finding finding) {
  switch (finding) {
    case v1::EnablementEffect::FINDING_BETTER:
      return "better with enablement";
    case v1::EnablementEffect::FINDING_WORSE:
      return "worse with enablement";
    case v1::EnablementEffect::FINDING_NOT_SHOWN:
      return "no difference shown";
    default:
      return "not enough data";
  }
}

const char* FindingText(v1::Bounces::Finding finding) {
  switch (finding) {
    case v1::Bounces::FINDING_UNFIT_LEAVE:
      return "who does not fit leaves sooner: a benefit";
    case v1::Bounces::FINDING_TARGETS_LEAVE:
      return "targets leave sooner: not meant for them";
    case v1::Bounces::FINDING_NOT_SHOWN:
      return "no difference shown";
    default:
      return "not enough data";
  }
}

class Rows {
 public:
  explicit Rows(Table* table) : table_(*table) {}

  void Share(const char* question, const char* what, const Estimate& estimate,
             const char* finding = "") {
    Add(question, what, EstimateText(estimate, true), estimate, finding);
  }
  void Ratio(const char* question, const char* what, const Estimate& estimate) {
    Add(question, what, EstimateText(estimate, false, " x"), estimate, "");
  }

 private:
  void Add(const char* question, const char* what, const std::string& text,
           const Estimate& estimate, std::string finding) {
    if (finding.empty() && estimate.sufficiency() == type::v1::SUFFICIENCY_NOT_ENOUGH_DATA) {
      finding = "not enough data to be sure";
    }
    table_.rows.push_back(
        {question, what, Cell(text, EstimatePlain(estimate, Bound::kValue)),
         EstimatePlain(estimate, Bound::kLow), EstimatePlain(estimate, Bound::kHigh),
         Cell(Thousands(estimate.sample_count()), std::to_string(estimate.sample_count())),
         std::move(finding)});
  }

  Table& table_;
};

void AddComparison(const char* question, const v1::EnablementEffect::Comparison& comparison,
                   Rows* rows) {
  rows->Share(question, "with enablement", comparison.with_enablement());
  rows->Share(question, "without", comparison.without_enablement());
  rows->Share(question, "difference", comparison.difference(), FindingText(comparison.finding()));
  rows->Ratio(question, "ratio", comparison.ratio());
}

}  // namespace

void PrintBuying(const v1::GetBuyingBehaviorResponse& answer, Printer* printer) {
  Table table{{{"question", "question"},
               {"what", "what"},
               {"value", "value", Align::kRight},
               {"", "low", Align::kRight, false, Shown::kInCsv},
               {"", "high", Align::kRight, false, Shown::kInCsv},
               {"cases", "case_count", Align::kRight},
               {"finding", "finding"}},
              {}};
  Rows rows(&table);
  const v1::SelfDirectedBuying& alone = answer.self_directed();
  rows.Share("alone before the first talk", "share of the time, median", alone.time_share());
  rows.Share("alone before the first talk", "share of the acts, median", alone.act_share());
  rows.Share("alone before the first talk", "purchases with over 70 % of the time",
             alone.mostly_alone());
  rows.Share("alone before the first talk", "purchases without any talk",
             alone.without_conversation());
  AddComparison("deals won", answer.enablement().won(), &rows);
  if (answer.enablement().has_kept()) {
    AddComparison("customers kept for a year", answer.enablement().kept(), &rows);
  }
  const v1::Bounces& bounces = answer.bounces();
  rows.Share("left after one act", "targets", bounces.targets());
  rows.Share("left after one act", "undecided accounts", bounces.undecided());
  rows.Share("left after one act", "no targets", bounces.others());
  rows.Share("left after one act", "unknown visitors", bounces.unknown());
  rows.Share("left after one act", "no targets less targets", bounces.difference(),
             FindingText(bounces.finding()));
  printer->Heading(fmt::format("How buyers buy, {}", RangeText(answer.days())));
  printer->Main(table);
  printer->Line(fmt::format(
      "purchases: {} with an act of the buyer on the way, {} without; deals still open: {}",
      Thousands(alone.purchase_count()), Thousands(alone.untouched_purchase_count()),
      Thousands(answer.enablement().open_deal_count())));
  printer->Line("differences are correlation, never cause");
  printer->Line(ProvenanceText(answer.provenance()));
}

}  // namespace gtm::cli
