// What won and lost opportunities say about the targets.

#include "common/core/sha256.h"
#include "common/criteria/attributes.h"
#include "fmt/format.h"
#include "services/targeting/domain/learn_definition.h"
#include "services/targeting/handler/choose_definition.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"
#include "services/targeting/handler/render_learning.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

using Request = v1::LearnTargetDefinitionRequest;

constexpr int kNamesMax = 200;
constexpr int32_t kHeldBackDefaultBps = 3'000;
constexpr int32_t kHeldBackMinBps = 1'000;
constexpr int32_t kHeldBackMaxBps = 5'000;

// The attribute of accounts with this name; a violation where there is none.
const criteria::Attribute* CheckAttribute(const std::string& field, const std::string& name,
                                          Violations* violations) {
  const auto* attribute = criteria::FindAttribute(domain::AccountAttributes(), name);
  if (attribute != nullptr) return attribute;
  const std::string_view near = criteria::NearestAttribute(domain::AccountAttributes(), name);
  violations->Add(field, near.empty()
                             ? "not an attribute of accounts; see ListAttributes"
                             : fmt::format("not an attribute of accounts; \"{}\" is", near));
  return nullptr;
}

void ParseTrends(const Request& request, domain::LearnTargetOptions* options,
                 Violations* violations) {
  if (request.trends_size() > kNamesMax) violations->Add("trends", "more than 200");
  for (int i = 0; i < std::min(request.trends_size(), kNamesMax); ++i) {
    const Request::Trend& trend = request.trends(i);
    const std::string field = fmt::format("trends[{}]", i);
    const auto* attribute = CheckAttribute(field + ".attribute", trend.attribute(), violations);
    if (attribute != nullptr && attribute->type != criteria::ValueType::kNumber) {
      violations->Add(field + ".attribute", "holds words; a trend needs a number");
    }
    const bool rising = trend.direction() == Request::Trend::DIRECTION_RISING;
    if (!rising && trend.direction() != Request::Trend::DIRECTION_FALLING) {
      violations->Add(field + ".direction", "required: rising or falling");
    }
    const auto of = rising ? domain::Trend::kRising : domain::Trend::kFalling;
    if (!options->trends.emplace(trend.attribute(), of).second) {
      violations->Add(field + ".attribute", "named twice; give one trend an attribute");
    }
  }
}

Result<domain::LearnTargetOptions> Parse(const Request& request) {
  Violations violations;
  domain::LearnTargetOptions options;
  const int32_t held_back =
      request.held_back_bps() == 0 ? kHeldBackDefaultBps : request.held_back_bps();
  if (held_back < kHeldBackMinBps || held_back > kHeldBackMaxBps) {
    violations.Add("held_back_bps",
                   fmt::format("{} is out of range; use 1,000 to 5,000", request.held_back_bps()));
  }
  options.held_back_share = static_cast<double>(held_back) / criteria::kFullShareBps;
  if (request.excluded_attributes_size() > kNamesMax) {
    violations.Add("excluded_attributes", "more than 200");
  }
  for (int i = 0; i < std::min(request.excluded_attributes_size(), kNamesMax); ++i) {
    const std::string& name = request.excluded_attributes(i);
    CheckAttribute(fmt::format("excluded_attributes[{}]", i), name, &violations);
    options.excluded_attributes.insert(name);
  }
  ParseTrends(request, &options, &violations);
  violations.CheckId("compared_definition_id", request.compared_definition_id(), false);
  options.keep_leaky_attributes = request.keep_leaky_attributes();
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  return options;
}

}  // namespace

Status TargetingHandler::LearnTargetDefinition(rpc::Call& call, const Request& request,
                                               v1::LearnTargetDefinitionResponse* response) {
  GTM_ASSIGN_OR_RETURN(domain::LearnTargetOptions options, Parse(request));
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  options.as_of = question.as_of;
  const auto chosen = ChooseDefinition(question, request.compared_definition_id());
  if (!chosen.ok() && !request.compared_definition_id().empty()) return chosen.error();
  const v1::TargetDefinition* agreed = chosen.ok() ? chosen->get() : nullptr;
  std::optional<domain::Definition> compiled;
  if (agreed != nullptr) {
    GTM_ASSIGN_OR_RETURN(compiled, CompileDefinition(*agreed));
    options.agreed = &*compiled;
  }
  const domain::LearnedTarget learned = domain::LearnTarget(question.view, options);
  Render(learned, agreed, question, response);
  Sha256 hash;
  hash.UpdateText(CanonicalBytes(*response)).Update(absl::ToUnixNanos(question.as_of));
  hash.UpdateText(CanonicalBytes(request));
  *response->mutable_provenance() = RenderProvenance(question, agreed, hash.HexDigest());
  return {};
}

}  // namespace gtm::targeting::handler
