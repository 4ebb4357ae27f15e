#include "services/targeting/handler/parse.h"

#include <algorithm>
#include <bitset>
#include <iterator>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "common/core/ids.h"
#include "common/core/sha256.h"
#include "common/criteria/criteria_proto.h"
#include "common/rpc/call.h"
#include "fmt/format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/targeting/handler/parse_urgency.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kPageDefault = 100;
constexpr int kPageMax = 1'000;

void ParseTouchPoints(const v1::TargetDefinition& definition, domain::EngagementRule* rule,
                      Violations* violations) {
  std::bitset<domain::kTouchTypeCount> seen;
  for (int i = 0; i < definition.engagement_rule().touch_points_size(); ++i) {
    const auto& entry = definition.engagement_rule().touch_points(i);
    const std::string field = fmt::format("definition.engagement_rule.touch_points[{}].type", i);
    const int type = entry.type();
    if (type <= 0 || !crm::v1::Engagement::Type_IsValid(type)) {
      violations->Add(field, "required: a type of engagement");
    } else if (seen.test(type)) {
      violations->Add(field, "listed before");
    } else {
      seen.set(type);
      rule->touch_points[type] = entry.points();
    }
  }
}

void ParseRoleWeights(const v1::TargetDefinition& definition, domain::DefinitionSpec* spec,
                      Violations* violations) {
  std::bitset<domain::kBuyingRoleCount> seen;
  for (int i = 0; i < definition.buying_role_weights_size(); ++i) {
    const auto& entry = definition.buying_role_weights(i);
    const std::string field = fmt::format("definition.buying_role_weights[{}].role", i);
    const int role = entry.role();
    if (role <= 0 || !crm::v1::BuyingRole_IsValid(role)) {
      violations->Add(field, "required: a buying role");
    } else if (seen.test(role)) {
      violations->Add(field, "listed before");
    } else {
      seen.set(role);
      spec->role_factor_bps[role] = entry.factor_bps();
    }
  }
}

void CheckWords(const v1::TargetDefinition& definition, Violations* violations) {
  for (int i = 0; i < definition.terms_size(); ++i) {
    const auto& term = definition.terms(i);
    const std::string field = fmt::format("definition.terms[{}]", i);
    if (term.name().empty()) violations->Add(field + ".name", "required");
    if (term.meaning().empty()) violations->Add(field + ".meaning", "required (TG-02)");
  }
  std::set<std::string> questions;
  for (int i = 0; i < definition.rubric_questions_size(); ++i) {
    const std::string& question = definition.rubric_questions(i);
    const std::string field = fmt::format("definition.rubric_questions[{}]", i);
    if (question.empty()) violations->Add(field, "empty; ask something, or leave it out");
    if (!questions.insert(absl::AsciiStrToLower(question)).second) {
      violations->Add(field, "listed before (the case of letters does not count)");
    }
  }
  if (definition.market_people_count() < 0) {
    violations->Add("definition.market_people_count", "must not be negative");
  }
  if (definition.market_account_count() < 0) {
    violations->Add("definition.market_account_count", "must not be negative");
  }
}

Result<absl::CivilDay> DayOf(const type::v1::Date& date, const std::string& field) {
  const absl::CivilDay day(date.year(), date.month(), date.day());
  const bool valid = date.year() >= 1900 && date.year() <= 2200 && day.year() == date.year() &&
                     day.month() == date.month() && day.day() == date.day();
  if (!valid) return InvalidField(field, "not a date between 1900 and 2200");
  return day;
}

}  // namespace

Result<DayRange> DaysOf(const type::v1::FiscalPeriod& period, const FiscalCalendar& calendar) {
  constexpr int kIndexMax[] = {0, 12, 4, 1};
  const int unit = period.unit();
  Violations violations;
  if (unit < type::v1::FiscalPeriod::UNIT_MONTH || unit > type::v1::FiscalPeriod::UNIT_YEAR) {
    violations.Add("period.unit", "required: month, quarter or year");
  } else if (period.index() < 1 || period.index() > kIndexMax[unit]) {
    violations.Add("period.index",
                   fmt::format("{} is out of range; use 1 to {}", period.index(), kIndexMax[unit]));
  }
  if (period.fiscal_year() < 1900 || period.fiscal_year() > 2200) {
    violations.Add("period.fiscal_year", "required: a year between 1900 and 2200");
  }
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  return calendar.DaysOf({static_cast<PeriodUnit>(unit), period.fiscal_year(), period.index()});
}

Result<DayRange> DaysOf(const type::v1::DateRange& days) {
  GTM_ASSIGN_OR_RETURN(const absl::CivilDay start, DayOf(days.start_date(), "days.start_date"));
  GTM_ASSIGN_OR_RETURN(const absl::CivilDay end, DayOf(days.end_date(), "days.end_date"));
  if (end <= start) return InvalidField("days.end_date", "must be after start_date");
  return DayRange{start, end};
}

void Violations::Add(std::string field, std::string description) {
  violations_.push_back({std::move(field), std::move(description)});
}

void Violations::Add(std::vector<FieldViolation> more) {
  std::move(more.begin(), more.end(), std::back_inserter(violations_));
}

void Violations::CheckRequestId(std::string_view request_id) {
  if (!IsUuid(request_id)) Add("request_id", "required: a UUID made by the caller");
}

void Violations::CheckId(std::string_view field, std::string_view id, bool required) {
  if (id.empty() && !required) return;
  if (!IsValidId(id)) Add(std::string(field), "required: 1 to 128 bytes, no control characters");
}

Status Violations::ToStatus() && {
  if (violations_.empty()) return {};
  return InvalidFields(std::move(violations_));
}

domain::DefinitionSpec SpecOf(const v1::TargetDefinition& definition, Violations* violations) {
  domain::DefinitionSpec spec;
  spec.id = definition.id();
  spec.version_number = definition.version_number();
  spec.account_criteria = criteria::FromProto(definition.account_criteria());
  spec.person_criteria = criteria::FromProto(definition.person_criteria());
  spec.engagement_criteria = criteria::FromProto(definition.engagement_criteria());
  const auto& rule = definition.engagement_rule();
  if (rule.half_life_days() != 0) spec.engagement_rule.half_life_days = rule.half_life_days();
  if (rule.active_window_days() != 0) {
    spec.engagement_rule.active_window_days = rule.active_window_days();
  }
  spec.engagement_rule.person_day_points_max = rule.person_day_points_max();
  spec.rubric_questions = {definition.rubric_questions().begin(),
                           definition.rubric_questions().end()};
  ParseTouchPoints(definition, &spec.engagement_rule, violations);
  ParseRoleWeights(definition, &spec, violations);
  CheckWords(definition, violations);
  spec.fit_priority_weight = definition.fit_priority_weight();
  spec.engagement_priority_weight = definition.engagement_priority_weight();
  spec.urgency_priority_weight = definition.urgency_priority_weight();
  spec.urgency_rules =
      UrgencyRulesOf(definition.urgency_rules(), "definition.urgency_rules", violations);
  spec.target_min_fit_points = definition.target_min_fit_points();
  spec.prospect_min_engagement_points = definition.prospect_min_engagement_points();
  return spec;
}

Status CheckContent(const v1::TargetDefinition& definition, bool complete) {
  Violations violations;
  const domain::DefinitionSpec spec = SpecOf(definition, &violations);
  violations.Add(domain::CheckDefinition(spec, complete, "definition"));
  return std::move(violations).ToStatus();
}

Result<domain::Definition> CompileDefinition(const v1::TargetDefinition& definition) {
  Violations violations;
  domain::DefinitionSpec spec = SpecOf(definition, &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  return domain::Definition::Compile(std::move(spec), "definition");
}

std::string CanonicalBytes(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

domain::Step StepOf(const rpc::Call& call, const std::string& request_id,
                    const google::protobuf::Message& request) {
  Sha256 hash;
  hash.UpdateText(request.GetTypeName()).UpdateText(CanonicalBytes(request));
  return {call.now, call.principal.subject, request_id, hash.HexDigest()};
}

domain::TargetFilter FilterOf(const v1::ListTargetsRequest& request, Violations* violations) {
  domain::TargetFilter filter;
  for (int i = 0; i < request.verdicts_size(); ++i) {
    const int verdict = request.verdicts(i);
    if (verdict < v1::TARGET_VERDICT_TARGET || verdict > v1::TARGET_VERDICT_UNDECIDED) {
      violations->Add(fmt::format("verdicts[{}]", i),
                      "not a verdict; leave the list empty for all");
    } else {
      filter.verdicts[verdict] = true;
    }
  }
  filter.min_priority_micropoints = request.min_priority_micropoints();
  if (filter.min_priority_micropoints < 0 ||
      filter.min_priority_micropoints > criteria::kFullScoreMicropoints) {
    violations->Add("min_priority_micropoints", "out of range; use 0 to 100,000,000");
  }
  filter.prospects_only = request.prospects_only();
  filter.segment = request.segment();
  filter.owner_seller_id = request.owner_seller_id();
  return filter;
}

Result<DayRange> DaysOf(const v1::GetHandshakeRequest& request, const FiscalCalendar& calendar,
                        absl::Time as_of) {
  if (request.has_period()) return DaysOf(request.period(), calendar);
  if (!request.has_days()) {
    return calendar.DaysOf(calendar.PeriodOf(calendar.DayOf(as_of), PeriodUnit::kQuarter));
  }
  return DaysOf(request.days());
}

size_t PageSizeOf(int32_t page_size, Violations* violations) {
  if (page_size < 0) violations->Add("page_size", "must not be negative; 0 means 100");
  return page_size <= 0 ? kPageDefault : std::min(page_size, kPageMax);
}

std::function<Status()> AliveWhile(const rpc::Call& call) {
  return [&call]() -> Status {
    if (!call.is_cancelled()) return {};
    return Error(Reason::CANCELLED_BY_CALLER, "the caller cancelled");
  };
}

}  // namespace gtm::targeting::handler
