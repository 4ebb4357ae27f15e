// CorrelateContent.

#include <algorithm>
#include <numeric>

#include "common/core/sha256.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "gtm/crm/v1/engagement.pb.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/domain/read_touches.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::ComparedDeals;
using domain::Correlation;
using domain::CorrelationMeasure;

// Changes whenever the same records may give other numbers.
constexpr char kContentRules[] = "gtm-content-correlation/2";
constexpr int kFalseDiscoveryMax = 500;

constexpr char kNote[] =
    "A correlation says what goes together, not what leads to what. Deals are compared with "
    "alike ones: same segment, same quarter of pipeline entry, still open at the same age (0, 14, "
    "30, 60, 90 or 180 days) and untouched until then, so that a deal that merely lives longer "
    "shows no correlation. Deals of one account count for what they do not have in common. Try "
    "what correlates in an experiment before you spend on it.";

v1::CorrelationTest::Verdict VerdictOf(const Correlation& correlation, CorrelationMeasure measure,
                                       double level) {
  if (!correlation.tested) return v1::CorrelationTest::VERDICT_NOT_ENOUGH_DATA;
  if (correlation.q_value > level) return v1::CorrelationTest::VERDICT_NO_CORRELATION;
  const bool better = measure == CorrelationMeasure::kWinRate ? correlation.value > 0
                      : measure == CorrelationMeasure::kCycle ? correlation.value < 1
                                                              : correlation.value > 1;
  return better ? v1::CorrelationTest::VERDICT_CORRELATES_BETTER
                : v1::CorrelationTest::VERDICT_CORRELATES_WORSE;
}

void RenderTest(const Correlation& correlation, CorrelationMeasure measure, double level,
                v1::CorrelationTest* result) {
  result->set_measure(static_cast<v1::CorrelationTest::Measure>(measure));
  result->set_verdict(VerdictOf(correlation, measure, level));
  result->set_touched_count(correlation.touched_count);
  result->set_untouched_count(correlation.untouched_count);
  result->set_account_count(correlation.account_count);
  if (!correlation.tested) {
    *result->mutable_correlation() = stats::NoDataEstimate();
    if (correlation.touched_count > 0) {
      result->mutable_correlation()->set_sufficiency(type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
      result->mutable_correlation()->set_sample_count(correlation.touched_count);
    }
    return;
  }
  result->set_touched_value(correlation.touched_value);
  result->set_untouched_value(correlation.untouched_value);
  *result->mutable_correlation() =
      stats::IntervalEstimate(correlation.value, correlation.interval, stats::kConfidence,
                              "mantel-haenszel", correlation.touched_count, true);
  result->set_p_value(correlation.p_value);
  result->set_q_value(correlation.q_value);
}

std::string DisplayNameOf(const domain::ContentItem& item, const book::BookView& view) {
  if (item.kind == domain::ItemKind::kEngagementType) {
    return crm::v1::Engagement::Type_Name(item.type);
  }
  if (item.kind == domain::ItemKind::kContent) return item.key;
  for (const auto& campaign : view.campaigns()) {
    if (campaign->id() == item.key && !campaign->display_name().empty()) {
      return campaign->display_name();
    }
  }
  return item.key;
}

// Smallest q-value first; those that were not tested last; then most deals.
std::vector<size_t> OrderOf(const std::vector<domain::ItemCorrelation>& items) {
  const auto smallest = [&](size_t i) {
    double q = 2;
    for (const Correlation& correlation : items[i].by_measure) {
      if (correlation.tested) q = std::min(q, correlation.q_value);
    }
    return q;
  };
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return std::pair(smallest(a), -items[a].deal_count) <
           std::pair(smallest(b), -items[b].deal_count);
  });
  return order;
}

void RenderItems(const ComparedDeals& compared, const book::BookView& view, double level,
                 v1::CorrelateContentResponse* response) {
  const std::vector<domain::ItemCorrelation> items =
      domain::CorrelateItems(compared.deals, static_cast<uint32_t>(compared.items.size()));
  int tests = 0;
  for (const size_t i : OrderOf(items)) {
    const domain::ContentItem& item = compared.items[i];
    v1::ContentCorrelation* result = response->add_correlations();
    result->set_kind(static_cast<v1::ContentCorrelation::Kind>(item.kind));
    result->set_key(item.kind == domain::ItemKind::kEngagementType
                        ? crm::v1::Engagement::Type_Name(item.type)
                        : item.key);
    result->set_engagement_type(static_cast<crm::v1::Engagement::Type>(item.type));
    result->set_display_name(DisplayNameOf(item, view));
    result->set_deal_count(items[i].deal_count);
    result->set_account_count(items[i].account_count);
    for (int m = 0; m < domain::kCorrelationMeasures; ++m) {
      const Correlation& correlation = items[i].by_measure[m];
      tests += correlation.tested;
      RenderTest(correlation, static_cast<CorrelationMeasure>(m + 1), level, result->add_tests());
    }
  }
  response->set_test_count(tests);
  const bool any = !compared.deals.empty() && compared.touched_count > 0;
  response->set_sufficiency(!any        ? type::v1::SUFFICIENCY_NO_DATA
                            : tests > 0 ? type::v1::SUFFICIENCY_ENOUGH
                                        : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
}

}  // namespace

Status ForecastingHandler::CorrelateContent(rpc::Call& call,
                                            const v1::CorrelateContentRequest& request,
                                            v1::CorrelateContentResponse* response) {
  Violations violations;
  const domain::Selection selection = SelectionOf(request.selection(), "selection", &violations);
  const int permille = request.false_discovery_permille();
  if (permille < 0 || permille > kFalseDiscoveryMax) {
    violations.Add("false_discovery_permille",
                   fmt::format("must be 1 to {}, or 0 for the default", kFalseDiscoveryMax));
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const domain::DealTable table,
                       domain::DealsAt(question.view, question.as_of));
  const ComparedDeals compared = domain::ComparedDealsAt(question.view, table, selection);
  RenderItems(compared, question.view,
              permille == 0 ? domain::kFalseDiscoveryRate : permille / 1000.0, response);
  response->set_closed_count(static_cast<int64_t>(compared.deals.size()));
  response->set_touched_count(compared.touched_count);
  response->set_account_count(compared.account_count);
  response->set_left_out_count(static_cast<int32_t>(compared.left_out_count));
  response->set_note(kNote);
  Sha256 hash;
  hash.UpdateText(kContentRules).UpdateText(domain::HashOf(table));
  hash.UpdateText(selection.owner_seller_id).UpdateText(selection.segment);
  hash.Update(static_cast<int64_t>(permille));
  for (const auto& item : response->correlations()) hash.UpdateText(CanonicalBytes(item));
  *response->mutable_provenance()->mutable_as_of() = ToProto(question.as_of);
  response->mutable_provenance()->set_revision(question.view.revision());
  response->mutable_provenance()->set_input_sha256(hash.HexDigest());
  response->mutable_provenance()->set_rules_version(kContentRules);
  return {};
}

}  // namespace gtm::forecasting::handler
