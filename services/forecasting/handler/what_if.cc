#include "services/forecasting/handler/what_if.h"

#include <memory>
#include <utility>

#include "common/core/sha256.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/data_quality.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/period.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::WhatIf;

constexpr size_t kNameMax = 127;
constexpr int32_t kSlipDaysMax = 1'100;
constexpr int32_t kAgeDaysMax = 3'650;
constexpr int kKindsMax = 100;
constexpr int32_t kHiredMax = 10'000;
constexpr int32_t kFactorMin = 100;
constexpr int32_t kFactorMax = 10'000;

void CheckRange(const std::string& field, int64_t value, int64_t least, int64_t most,
                Violations* violations) {
  if (value < least || value > most) {
    violations->Add("scenario." + field, fmt::format("must be {} to {}", least, most));
  }
}

double FactorOf(const char* field, int32_t permille, Violations* violations) {
  if (permille == 0) return 1;
  CheckRange(field, permille, kFactorMin, kFactorMax, violations);
  return permille / 1000.0;
}

void ParseDeals(const v1::Scenario& scenario, domain::Scenario* parsed, Violations* violations) {
  if (scenario.lost_opportunity_ids_size() + scenario.won_opportunity_ids_size() +
          scenario.slips_size() >
      WhatIf::kDealsMax) {
    violations->Add("scenario", fmt::format("at most {} deals may be named", WhatIf::kDealsMax));
    return;
  }
  parsed->lose.assign(scenario.lost_opportunity_ids().begin(),
                      scenario.lost_opportunity_ids().end());
  parsed->win.assign(scenario.won_opportunity_ids().begin(), scenario.won_opportunity_ids().end());
  parsed->lose_biggest = scenario.lose_biggest();
  for (int i = 0; i < scenario.slips_size(); ++i) {
    const v1::Scenario::Slip& slip = scenario.slips(i);
    CheckRange(fmt::format("slips[{}].days", i), slip.days(), 0, kSlipDaysMax, violations);
    domain::Slip item{slip.opportunity_id(), {}};
    if (slip.days() > 0) item.days = slip.days();
    parsed->slip.push_back(std::move(item));
  }
}

std::vector<std::optional<Money>> ParseAdditions(const v1::Scenario& scenario,
                                                 domain::Scenario* parsed, Violations* violations) {
  std::vector<std::optional<Money>> amounts;
  if (scenario.additions_size() > kKindsMax) {
    violations->Add("scenario.additions", fmt::format("at most {} are allowed", kKindsMax));
    return amounts;
  }
  for (int i = 0; i < scenario.additions_size(); ++i) {
    const auto& addition = scenario.additions(i);
    const std::string field = fmt::format("additions[{}]", i);
    CheckRange(field + ".opportunity_count", addition.opportunity_count(), 1, WhatIf::kDealsMax,
               violations);
    CheckRange(field + ".age_days", addition.age_days(), 0, kAgeDaysMax, violations);
    const std::string amount_field = "scenario." + field + ".amount";
    amounts.push_back(MoneyOf(amount_field, addition.amount(), violations));
    if (amounts.back() && amounts.back()->micros == 0) {
      violations->Add(amount_field, "must be above 0");
    }
    parsed->add.push_back({addition.opportunity_count(), 0, addition.age_days()});
  }
  return amounts;
}

void ParseHires(const v1::Scenario& scenario, domain::DayNumber tomorrow, domain::Scenario* parsed,
                Violations* violations) {
  if (scenario.hires_size() > kKindsMax) {
    violations->Add("scenario.hires", fmt::format("at most {} are allowed", kKindsMax));
    return;
  }
  for (int i = 0; i < scenario.hires_size(); ++i) {
    const v1::Scenario::Hire& hire = scenario.hires(i);
    const std::string field = fmt::format("hires[{}]", i);
    domain::Hire item;
    CheckRange(field + ".seller_count", hire.seller_count(), 1, kHiredMax, violations);
    item.count = hire.seller_count();
    CheckRange(field + ".ramp_days", hire.ramp_days(), 0, kSlipDaysMax, violations);
    item.ramp_days = hire.ramp_days();
    item.start_day = tomorrow;
    if (hire.has_start_date()) {
      const type::v1::Date& date = hire.start_date();
      const absl::CivilDay day(date.year(), date.month(), date.day());
      if (date.year() < 1900 || date.year() > 2200 || day.year() != date.year() ||
          day.month() != date.month() || day.day() != date.day()) {
        violations->Add("scenario." + field + ".start_date", "must be a day from 1900 to 2200");
      } else {
        item.start_day = std::max(tomorrow, domain::NumberOf(day));
      }
    }
    if (hire.productivity_permille() != 0) {
      CheckRange(field + ".productivity_permille", hire.productivity_permille(), 1, kFactorMax,
                 violations);
      item.productivity = hire.productivity_permille() / 1000.0;
    }
    parsed->hires.push_back(item);
  }
}

// The question of a stream, with what stays pinned.
struct Session {
  records_client::Question question;
  FiscalPeriod period;
  DayRange days;
  domain::Selection selection;
  std::optional<domain::Target> target;
  Currency currency = Currency::Of("USD");
  bool any_deals = false;
  bool enough = false;
  std::string input_sha256;
  std::unique_ptr<const WhatIf> what_if;
};

Result<Session> Open(const rpc::Call& call, records_client::Records& records,
                     const v1::WhatIfQuestion& asked) {
  v1::GetForecastRequest alike;
  if (asked.has_period()) *alike.mutable_period() = asked.period();
  if (asked.has_target_amount()) *alike.mutable_target_amount() = asked.target_amount();
  *alike.mutable_selection() = asked.selection();
  GTM_ASSIGN_OR_RETURN(const ForecastQuestion parsed, ParseForecast(alike, "question"));
  GTM_ASSIGN_OR_RETURN(records_client::Question question, records.Ask(call, asked.point()));
  GTM_ASSIGN_OR_RETURN(domain::DealTable table, domain::DealsAt(question.view, question.as_of));
  Session session{std::move(question)};
  session.period = PeriodAt(table, parsed.period);
  GTM_ASSIGN_OR_RETURN(session.days, DaysOf(table, session.period));
  GTM_ASSIGN_OR_RETURN(session.target, TargetOf(session.question, table, session.days, parsed));
  session.selection = parsed.selection;
  session.currency = table.currency;
  domain::Model model = domain::Blend(table, domain::LearnModel(table), session.period);
  session.any_deals = !table.deals.empty();
  session.enough = domain::HasEnoughHistory(model.close);
  Sha256 hash;
  hash.UpdateText(domain::kModelVersion).UpdateText(domain::HashOf(table));
  hash.Update(domain::NumberOf(session.days.start)).Update(domain::NumberOf(session.days.end));
  hash.UpdateText(session.selection.owner_seller_id).UpdateText(session.selection.segment);
  hash.Update(session.target ? session.target->micros : int64_t{-1});
  session.input_sha256 = hash.HexDigest();
  session.what_if = std::make_unique<const WhatIf>(
      std::move(table), std::move(model), session.days, session.selection,
      session.target ? std::optional<int64_t>(session.target->micros) : std::nullopt);
  return session;
}

void RenderBefore(const Session& session, v1::WhatIfResponse* response) {
  const WhatIf& what_if = *session.what_if;
  v1::WhatIfOutlook* before = response->mutable_before();
  *before->mutable_bookings() =
      ToProto(what_if.baseline().mean_micros(), what_if.baseline_bookings(), session.currency);
  if (const auto reach = what_if.baseline_reach()) before->set_reach_probability(*reach);
  *response->mutable_period() = ToProto(session.period);
  *response->mutable_days() = ToProto(session.days);
  if (session.target) {
    v1::TargetOutlook* target = response->mutable_target();
    target->set_source(session.target->from_quotas ? v1::TargetOutlook::SOURCE_QUOTAS
                                                   : v1::TargetOutlook::SOURCE_REQUEST);
    *target->mutable_amount() = ToProto(Money{session.target->micros, session.currency});
    target->set_quota_count(session.target->quota_count);
  }
  response->set_sufficiency(!session.any_deals ? type::v1::SUFFICIENCY_NO_DATA
                            : session.enough   ? type::v1::SUFFICIENCY_ENOUGH
                                               : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  response->set_remaining_days(what_if.baseline().remaining_days);
}

void RenderHires(const domain::HireEffect& hires, Currency currency,
                 v1::WhatIfResponse::HireEffect* result) {
  result->set_seller_count(hires.seller_count);
  result->set_deals_a_year(hires.deals_a_year);
  result->set_created_count(hires.created_count);
  result->set_win_count(hires.win_count);
  *result->mutable_amount() = ToProto(Money{hires.micros, currency});
  result->set_first_cycle_days(hires.first_cycle_days);
  *result->mutable_first_close_date() =
      ToProto(DayRange{domain::DayAt(hires.first_close_day), domain::DayAt(hires.first_close_day)})
          .start_date();
}

void RenderAnswer(const domain::WhatIfAnswer& answer, Currency currency,
                  v1::WhatIfResponse* response) {
  v1::WhatIfOutlook* after = response->mutable_after();
  *after->mutable_bookings() = ToProto(answer.mean_micros, answer.bookings, currency);
  if (answer.reach_probability) after->set_reach_probability(*answer.reach_probability);
  *response->mutable_difference() =
      ToProto(answer.difference_mean_micros, answer.difference, currency);
  *response->mutable_independent_deviation() =
      ToProto(Money{answer.independent_deviation_micros, currency});
  for (const domain::DealEffect& deal : answer.deals) {
    v1::WhatIfResponse::DealEffect* item = response->add_deals();
    item->set_opportunity_id(deal.id);
    *item->mutable_before_amount() = ToProto(Money{deal.before_micros, currency});
    *item->mutable_after_amount() = ToProto(Money{deal.after_micros, currency});
  }
  if (answer.hires) RenderHires(*answer.hires, currency, response->mutable_hires());
}

Status Answer(const Session& session, const v1::WhatIfRequest& request, int number,
              v1::WhatIfResponse* response) {
  response->set_request_number(number);
  RenderBefore(session, response);
  Sha256 hash;
  hash.UpdateText(session.input_sha256).UpdateText(CanonicalBytes(request.scenario()));
  if (request.has_scenario()) {
    response->set_name(request.scenario().name());
    GTM_ASSIGN_OR_RETURN(
        const domain::Scenario scenario,
        ScenarioOf(request.scenario(), session.question.view, session.what_if->table()));
    GTM_ASSIGN_OR_RETURN(const domain::WhatIfAnswer answer, session.what_if->Ask(scenario));
    RenderAnswer(answer, session.currency, response);
  }
  type::v1::Provenance* provenance = response->mutable_provenance();
  *provenance->mutable_as_of() = ToProto(session.question.as_of);
  provenance->set_revision(session.question.view.revision());
  provenance->set_input_sha256(hash.HexDigest());
  provenance->set_rules_version(std::string(domain::kModelVersion));
  return {};
}

// The next message; false at the end.
Result<bool> Await(const rpc::Call& call, const Clock& clock, absl::Duration silence_max,
                   WhatIfStream& stream, v1::WhatIfRequest* request) {
  switch (stream.Read(silence_max, request)) {
    case WhatIfStream::Got::kMessage:
      return true;
    case WhatIfStream::Got::kEnd:
      return false;
    case WhatIfStream::Got::kMalformed:
      return Error(Reason::MALFORMED_MESSAGE,
                   "the message is not well-formed: the bytes received are no "
                   "gtm.forecasting.v1.WhatIfRequest; send the message of the contract, text as "
                   "UTF-8");
    case WhatIfStream::Got::kNothing:
      break;
  }
  GTM_RETURN_IF_ERROR(call.CheckAlive(clock.Now()));
  return Error(Reason::DEADLINE_EXPIRED,
               fmt::format("no message came for {} s; end the stream when everything is asked, and "
                           "open another where more comes later",
                           absl::ToInt64Seconds(silence_max)));
}

}  // namespace

Result<domain::Scenario> ScenarioOf(const v1::Scenario& scenario, const book::BookView& view,
                                    const domain::DealTable& table) {
  Violations violations;
  domain::Scenario parsed;
  violations.CheckText("scenario.name", scenario.name(), kNameMax);
  ParseDeals(scenario, &parsed, &violations);
  const auto amounts = ParseAdditions(scenario, &parsed, &violations);
  parsed.close_rate_factor =
      FactorOf("close_rate_permille", scenario.close_rate_permille(), &violations);
  parsed.price_factor = FactorOf("price_permille", scenario.price_permille(), &violations);
  parsed.cycle_factor = FactorOf("cycle_permille", scenario.cycle_permille(), &violations);
  ParseHires(scenario, table.today + 1, &parsed, &violations);
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  for (size_t i = 0; i < amounts.size(); ++i) {
    GTM_ASSIGN_OR_RETURN(const Money money,
                         view.InReportingCurrency(*amounts[i], domain::DayAt(table.today)));
    parsed.add[i].amount_micros = money.micros;
  }
  return parsed;
}

Status RunWhatIf(rpc::Call& call, records_client::Records& records, const Clock& clock,
                 absl::Duration silence_max, WhatIfStream& stream) {
  std::optional<Session> session;
  for (int number = 1;; ++number) {
    v1::WhatIfRequest request;
    GTM_ASSIGN_OR_RETURN(const bool more, Await(call, clock, silence_max, stream, &request));
    if (!more) return call.CheckAlive(clock.Now());
    GTM_RETURN_IF_ERROR(call.CheckAlive(clock.Now()));
    if (number > kWhatIfMessagesMax) {
      return InvalidField("scenario", fmt::format("at most {} messages are answered in one stream; "
                                                  "open another",
                                                  kWhatIfMessagesMax));
    }
    if (request.has_question() == session.has_value()) {
      return InvalidField("question", session ? "only the first message of a stream asks it; open "
                                                "another stream"
                                              : "required in the first message of a stream");
    }
    if (!session) {
      auto opened = Open(call, records, request.question());
      if (!opened.ok()) return std::move(opened).error();
      session.emplace(std::move(opened).value());
    }
    v1::WhatIfResponse response;
    GTM_RETURN_IF_ERROR(Answer(*session, request, number, &response));
    if (!stream.Write(response)) return call.CheckAlive(clock.Now());
  }
}

}  // namespace gtm::forecasting::handler
