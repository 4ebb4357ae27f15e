// ExplainForecastChange.

#include "services/forecasting/domain/explain_change.h"

#include <algorithm>

#include "common/core/ids.h"
#include "fmt/format.h"
#include "services/forecasting/domain/blend.h"
#include "services/forecasting/domain/read_deals.h"
#include "services/forecasting/handler/decisions.h"
#include "services/forecasting/handler/forecasting_handler.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/period.h"
#include "services/forecasting/handler/provenance.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

using domain::DealTable;
using gtm::records::v1::RECORD_KIND_FORECAST_EDITION;

constexpr int kDealsDefault = 5;
constexpr int kDealsMax = 100;

bool SameMessage(const google::protobuf::Message& a, const google::protobuf::Message& b) {
  return CanonicalBytes(a) == CanonicalBytes(b);
}

struct ChangeQuestion {
  std::optional<FiscalPeriod> period;  // with an instant only
  domain::Selection selection;
  size_t deal_count = kDealsDefault;
};

Result<ChangeQuestion> Parse(const v1::ExplainForecastChangeRequest& request) {
  Violations violations;
  ChangeQuestion question;
  const bool by_time = request.has_older_time();
  if (request.older_edition_id().empty() != by_time) {
    violations.Add("older_edition_id", "give it or older_time, and not both");
  }
  violations.CheckText("older_edition_id", request.older_edition_id(), kIdBytesMax);
  violations.CheckText("newer_edition_id", request.newer_edition_id(), kIdBytesMax);
  const auto& time = request.older_time();
  if (by_time && (time.nanos() < 0 || time.nanos() > 999'999'999 || time.seconds() < -62135596800 ||
                  time.seconds() > 253402300799)) {
    violations.Add("older_time", "must be an instant of the years 1 to 9999");
  }
  if (!by_time && request.has_period()) {
    violations.Add("period", "an edition has its own: leave it out");
  }
  if (!by_time && request.has_selection()) {
    violations.Add("selection", "an edition has its own: leave it out");
  }
  if (request.has_period()) question.period = PeriodOf("period", request.period(), &violations);
  question.selection = SelectionOf(request.selection(), "selection", &violations);
  if (request.deal_count() < 0) violations.Add("deal_count", "must not be negative");
  if (request.deal_count() > 0) {
    question.deal_count = static_cast<size_t>(std::min(request.deal_count(), kDealsMax));
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return question;
}

Result<v1::ForecastEdition> FindEdition(records_client::Records& records, const rpc::Call& call,
                                        const std::string& id) {
  GTM_ASSIGN_OR_RETURN(const Found found,
                       Find(records, call, {{RECORD_KIND_FORECAST_EDITION, id}}));
  if (const auto* edition = found.edition()) return *edition;
  return Error(Reason::RECORD_NOT_FOUND, fmt::format("forecast_edition {}: no such record", id))
      .With("kind", "forecast_edition")
      .With("id", id);
}

// One of the two forecasts, as an edition told it or as it comes out now.
struct Side {
  std::optional<v1::ForecastEdition> edition;
  DealTable table;
  domain::Model model;
  domain::PeriodForecast forecast;
  int64_t told_mean_micros = 0;
  v1::ForecastChangeSide rendered;
};

// Computes the forecast at `as_of` from the records of today, and sets what an edition told
// beside it. Error: EXCHANGE_RATE_MISSING, INVALID_FIELDS on `field`.
Status Compute(const book::BookView& view, absl::Time as_of, const FiscalPeriod& period,
               const domain::Selection& selection, std::string_view field, Side* side) {
  GTM_ASSIGN_OR_RETURN(side->table, domain::DealsAt(view, as_of));
  GTM_ASSIGN_OR_RETURN(const DayRange days, DaysOf(side->table, period));
  side->model = domain::Blend(side->table, domain::LearnModel(side->table), period);
  side->forecast =
      domain::ForecastPeriod(side->table, side->model, days, selection, domain::Detail::kParts);
  side->told_mean_micros = side->forecast.mean_micros();
  v1::Forecast computed;
  RenderForecast(side->table, side->model, side->forecast, 0, &computed);
  v1::ForecastChangeSide& rendered = side->rendered;
  *rendered.mutable_as_of() = ToProto(as_of);
  *rendered.mutable_bookings() = computed.bookings();
  rendered.set_rules_version(std::string(domain::kModelVersion));
  rendered.set_reproduced(true);
  if (!side->edition) return {};
  const v1::Forecast& told = side->edition->forecast();
  rendered.set_edition_id(side->edition->id());
  rendered.set_rules_version(told.provenance().rules_version());
  rendered.set_reproduced(
      SameMessage(told.bookings(), computed.bookings()) &&
      told.parts_size() == computed.parts_size() &&
      std::equal(told.parts().begin(), told.parts().end(), computed.parts().begin(), SameMessage));
  *rendered.mutable_bookings() = told.bookings();
  side->told_mean_micros = 0;
  if (!told.has_bookings()) return {};
  const type::v1::Money& mean = told.bookings().mean();
  if (mean.currency_code() != side->table.currency.code()) {
    return InvalidField(std::string(field),
                        fmt::format("was told in {}, and the reporting currency is {} now",
                                    mean.currency_code(), side->table.currency.code()));
  }
  side->told_mean_micros = mean.units() * kMicrosPerUnit + mean.nanos() / 1000;
  return {};
}

void RenderSteps(const std::vector<domain::ChangeStep>& steps, Currency currency,
                 v1::ExplainForecastChangeResponse* response) {
  const auto money = [&](int64_t micros) { return ToProto(Money{micros, currency}); };
  for (const domain::ChangeStep& step : steps) {
    v1::ForecastChangeStep* item = response->add_steps();
    item->set_kind(static_cast<v1::ForecastChangeStep::Kind>(step.kind));
    *item->mutable_amount() = money(step.micros);
    item->set_deal_count(step.deal_count);
    for (const domain::DealChange& deal : step.deals) {
      v1::ForecastChangeDeal* change = item->add_deals();
      change->set_opportunity_id(deal.id);
      change->set_owner_seller_id(deal.owner_seller_id);
      *change->mutable_older_amount() = money(deal.older_micros);
      *change->mutable_newer_amount() = money(deal.newer_micros);
      *change->mutable_change_amount() = money(deal.change_micros);
    }
  }
}

// What is explained, once the editions are read.
struct Frame {
  FiscalPeriod period;
  domain::Selection selection;
  absl::Time older;
  absl::Time newer;
};

Result<Frame> FrameOf(const v1::ExplainForecastChangeRequest& request, const ChangeQuestion& asked,
                      const records_client::Question& question, const Side& older,
                      const Side& newer) {
  Frame frame{.period = {}, .selection = asked.selection, .older = {}, .newer = question.as_of};
  Violations violations;
  if (older.edition) {
    const v1::Forecast& told = older.edition->forecast();
    frame.older = ToTime(told.provenance().as_of());
    frame.period = PeriodOf("older_edition_id", told.period(), &violations).value_or(frame.period);
    frame.selection = SelectionOf(told.selection(), "older_edition_id", &violations);
  } else {
    frame.older = ToTime(request.older_time());
    const FiscalCalendar& calendar = question.view.settings().calendar;
    frame.period = asked.period
                       ? *asked.period
                       : calendar.PeriodOf(calendar.DayOf(frame.older), PeriodUnit::kQuarter);
  }
  if (newer.edition) {
    const v1::Forecast& told = newer.edition->forecast();
    frame.newer = ToTime(told.provenance().as_of());
    if (PeriodOf("newer_edition_id", told.period(), &violations) != frame.period ||
        SelectionOf(told.selection(), "newer_edition_id", &violations) != frame.selection) {
      violations.Add("newer_edition_id",
                     "is about another period or selection; explain editions of one and the same");
    }
  }
  if (frame.newer < frame.older) {
    violations.Add(newer.edition ? "newer_edition_id" : "point.as_of",
                   "is before the older forecast; ask the other way round");
  }
  GTM_RETURN_IF_ERROR(violations.ToStatus());
  return frame;
}

}  // namespace

Status ForecastingHandler::ExplainForecastChange(rpc::Call& call,
                                                 const v1::ExplainForecastChangeRequest& request,
                                                 v1::ExplainForecastChangeResponse* response) {
  GTM_ASSIGN_OR_RETURN(const ChangeQuestion asked, Parse(request));
  Side older, newer;
  if (!request.older_edition_id().empty()) {
    GTM_ASSIGN_OR_RETURN(older.edition, FindEdition(records_, call, request.older_edition_id()));
  }
  if (!request.newer_edition_id().empty()) {
    GTM_ASSIGN_OR_RETURN(newer.edition, FindEdition(records_, call, request.newer_edition_id()));
  }
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  GTM_ASSIGN_OR_RETURN(const Frame frame, FrameOf(request, asked, question, older, newer));
  GTM_RETURN_IF_ERROR(Compute(question.view, frame.older, frame.period, frame.selection,
                              "older_edition_id", &older));
  GTM_RETURN_IF_ERROR(Compute(question.view, frame.newer, frame.period, frame.selection,
                              "newer_edition_id", &newer));
  const DayRange days = newer.table.calendar.DaysOf(frame.period);
  const std::vector<domain::ChangeStep> steps =
      domain::ExplainChange({older.table, older.model, older.forecast, older.told_mean_micros},
                            {newer.table, newer.model, newer.forecast, newer.told_mean_micros},
                            days, frame.selection, asked.deal_count);
  *response->mutable_period() = ToProto(frame.period);
  *response->mutable_days() = ToProto(days);
  *response->mutable_selection() = ToProto(frame.selection);
  *response->mutable_older() = std::move(older.rendered);
  *response->mutable_newer() = std::move(newer.rendered);
  RenderSteps(steps, newer.table.currency, response);
  int64_t change = 0;
  for (const domain::ChangeStep& step : steps) change = domain::AddClamped(change, step.micros);
  *response->mutable_change_amount() = ToProto(Money{change, newer.table.currency});
  const std::string extra =
      fmt::format("change from {} {} to {} {}, deals {}", request.older_edition_id(),
                  domain::HashOf(older.table), request.newer_edition_id(), newer.told_mean_micros,
                  asked.deal_count);
  RenderProvenance({question.view, frame.newer}, newer.table, days, frame.selection, std::nullopt,
                   extra, response->mutable_provenance());
  return {};
}

}  // namespace gtm::forecasting::handler
