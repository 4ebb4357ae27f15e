#include "services/sponsorship/handler/parse.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "common/core/ids.h"
#include "common/criteria/criteria_proto.h"

namespace gtm::sponsorship::handler {

void Violations::Add(std::string field, std::string description) {
  violations_.push_back({std::move(field), std::move(description)});
}

void Violations::Add(std::vector<FieldViolation> more) {
  violations_.insert(violations_.end(), more.begin(), more.end());
}

void Violations::CheckRequestId(std::string_view request_id) {
  if (!IsUuid(request_id)) Add("request_id", "required: a UUID, the same for every repetition");
}

void Violations::CheckId(std::string_view field, std::string_view id) {
  if (!IsValidId(id))
    Add(std::string(field), "required: 1 to 128 bytes without control characters");
}

Status Violations::ToStatus() && {
  if (violations_.empty()) return {};
  return InvalidFields(std::move(violations_));
}

domain::ProgramSpec SpecOf(const v1::SponsorshipProgram& program) {
  domain::ProgramSpec spec;
  spec.criteria = criteria::FromProto(program.criteria());
  const auto& a = program.affinity_weights();
  spec.affinity = {a.shared_interest_points(), a.shared_interest_count_max(),
                   a.same_region_points(),     a.same_personality_points(),
                   a.known_industry_points(),  a.same_function_points()};
  const auto& e = program.sponsee_effort();
  spec.effort = {e.touch_week_minutes(), e.brief_week_minutes(), e.travel_week_minutes()};
  spec.keep_bonus_points = program.keep_bonus_points();
  spec.qualifying_score_points = program.qualifying_score_points();
  spec.known_weight_bps_min = program.known_weight_bps_min();
  if (program.selection() == v1::SponsorshipProgram::SELECTION_TOTAL_VALUE) {
    spec.selection = domain::Selection::kTotalValue;
  }
  spec.same_region_required = program.same_region_required();
  return spec;
}

Result<domain::Program> CompileProgram(const v1::SponsorshipProgram& program) {
  return domain::Program::Make(SpecOf(program), "program");
}

v1::SponsorshipProgram ContentOf(const v1::SponsorshipProgram& program) {
  v1::SponsorshipProgram content = program;
  content.clear_etag();
  content.clear_create_time();
  content.clear_update_time();
  content.clear_state();
  content.clear_version();
  content.clear_activate_time();
  content.clear_retire_time();
  content.clear_activate_request_id();
  content.clear_accepted_match_run_id();
  return content;
}

domain::Basis BasisOf(const v1::MatchRun& run) {
  domain::Basis basis;
  for (const auto& p : run.pairs()) {
    basis.pairs.push_back(
        {p.contact_id(), p.executive_id(), p.score().micropoints(), p.affinity_points()});
    if (!p.sponsorship_id().empty()) basis.live_ids.push_back(p.sponsorship_id());
  }
  for (const auto& t : run.transitions()) basis.live_ids.push_back(t.sponsorship_id());
  for (const auto& c : run.capacities()) basis.slots.emplace_back(c.executive_id(), c.slot_count());
  return basis;
}

std::optional<absl::CivilDay> DayOf(const type::v1::Date& date) {
  if (date.year() < 1900 || date.year() > 2200) return {};
  const absl::CivilDay day(date.year(), date.month(), date.day());
  // CivilDay carries an impossible date over into another month.
  if (day.month() != date.month() || day.day() != date.day()) return {};
  return day;
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

}  // namespace gtm::sponsorship::handler
