#pragma once
// The flags of a span of days: a fiscal period, or a first and a last day.

#include <CLI/CLI.hpp>
#include <string>

#include "absl/time/civil_time.h"
#include "common/core/result.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {

struct SpanFlags {
  std::string period;
  std::string from, to;

  void Register(CLI::App& command, const std::string& otherwise) {
    command.add_option("--period", period,
                       "Days of a fiscal period such as 2026-Q2; default: " + otherwise);
    command.add_option("--from", from, "First day, with --to")->type_name("DAY");
    command.add_option("--to", to, "Last day, with --from")->type_name("DAY");
  }
  // Fills `period` or `days` of a request. Errors: INVALID_FIELDS on the flag.
  template <class Request>
  Status Fill(Request* request) const {
    if (!period.empty() && !(from.empty() && to.empty())) {
      return InvalidField("--period", "give a period, or --from and --to");
    }
    if (!period.empty()) {
      GTM_ASSIGN_OR_RETURN(*request->mutable_period(), ParsePeriodFlag(period, "--period"));
      return {};
    }
    if (from.empty() != to.empty()) {
      return InvalidField(from.empty() ? "--from" : "--to", "required with the other of the two");
    }
    if (from.empty()) return {};
    GTM_ASSIGN_OR_RETURN(*request->mutable_days()->mutable_start_date(),
                         ParseDateFlag(from, "--from"));
    GTM_ASSIGN_OR_RETURN(const type::v1::Date last, ParseDateFlag(to, "--to"));
    const absl::CivilDay end = absl::CivilDay(last.year(), last.month(), last.day()) + 1;
    type::v1::Date* out = request->mutable_days()->mutable_end_date();
    out->set_year(static_cast<int32_t>(end.year()));
    out->set_month(end.month());
    out->set_day(end.day());
    return {};
  }
};

}  // namespace gtm::cli
