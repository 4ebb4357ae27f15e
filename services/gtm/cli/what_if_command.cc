// gtm whatif: the forecast if something were otherwise.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <vector>

#include "common/core/money.h"
#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "services/gtm/cli/command.h"
#include "services/gtm/cli/text_format.h"
#include "services/gtm/cli/what_if_view.h"

namespace gtm::cli {
namespace {

namespace v1 = forecasting::v1;

struct WhatIfFlags {
  PointFlags point;
  std::string period, target, owner, segment;
  std::vector<std::string> lose, slip, win, add, hire;
  bool lose_biggest = false;
  std::string close_rate, price, cycle;
};

Error Wrong(const char* flag, const std::string& text, const char* right) {
  return InvalidField(flag, fmt::format("\"{}\" is not such as {}", text, right));
}

// "30" or "30d" as a whole number.
Result<int32_t> ParseDays(std::string text, const char* flag, const char* right) {
  if (text.ends_with('d')) text.pop_back();
  const auto micros = ParseMicros(text, NumberFormat{'.', ','}, flag);
  if (!micros.ok() || *micros % kMicrosPerUnit != 0 || *micros < 0 ||
      *micros / kMicrosPerUnit > 1'000'000) {
    return Wrong(flag, text, right);
  }
  return static_cast<int32_t>(*micros / kMicrosPerUnit);
}

// "1.1" in thousandths.
Result<int32_t> ParseFactor(const std::string& text, const char* flag) {
  if (text.empty()) return 0;
  const auto micros = ParseMicros(text, NumberFormat{'.', ','}, flag);
  if (!micros.ok() || *micros % 1'000 != 0 || *micros <= 0 || *micros > 1'000 * kMicrosPerUnit) {
    return Wrong(flag, text, "1.1, a factor of at most three decimals");
  }
  return static_cast<int32_t>(*micros / 1'000);
}

// Parts between marks; the first may be empty.
std::vector<std::string> Split(const std::string& text, char mark) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(mark, at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// "DEAL=30d"; "DEAL" alone slips out of the period.
Status ParseSlip(const std::string& text, v1::Scenario* scenario) {
  const size_t equals = text.rfind('=');
  v1::Scenario::Slip* slip = scenario->add_slips();
  slip->set_opportunity_id(text.substr(0, equals));
  if (equals == std::string::npos) return {};
  GTM_ASSIGN_OR_RETURN(const int32_t days,
                       ParseDays(text.substr(equals + 1), "--slip", "DEAL=30d or DEAL"));
  if (days == 0) return Wrong("--slip", text, "DEAL=30d or DEAL");
  slip->set_days(days);
  return {};
}

// "10x50000" or "10x50000@45d".
Status ParseAdd(const std::string& text, v1::Scenario* scenario) {
  constexpr char kRight[] = "10x50000 or \"10x50k EUR@45d\"";
  const size_t times = text.find('x'), at = text.rfind('@');
  if (times == std::string::npos) return Wrong("--add", text, kRight);
  v1::Scenario::AddedPipeline* added = scenario->add_additions();
  GTM_ASSIGN_OR_RETURN(const int32_t count, ParseDays(text.substr(0, times), "--add", kRight));
  added->set_opportunity_count(count);
  const std::string amount = text.substr(times + 1, at == std::string::npos ? at : at - times - 1);
  GTM_ASSIGN_OR_RETURN(*added->mutable_amount(), ParseMoneyFlag(amount, "--add"));
  if (at == std::string::npos) return {};
  GTM_ASSIGN_OR_RETURN(const int32_t age, ParseDays(text.substr(at + 1), "--add", kRight));
  added->set_age_days(age);
  return {};
}

// "3", "3@2026-10-01", "3@2026-10-01:ramp=90d:productivity=0.8".
Status ParseHire(const std::string& text, v1::Scenario* scenario) {
  constexpr char kRight[] = "3@2026-10-01 or 3@2026-10-01:ramp=90d:productivity=0.8";
  v1::Scenario::Hire* hire = scenario->add_hires();
  const std::vector<std::string> parts = Split(text, ':');
  const size_t at = parts[0].find('@');
  GTM_ASSIGN_OR_RETURN(const int32_t count, ParseDays(parts[0].substr(0, at), "--hire", kRight));
  hire->set_seller_count(count);
  if (at != std::string::npos) {
    GTM_ASSIGN_OR_RETURN(*hire->mutable_start_date(),
                         ParseDateFlag(parts[0].substr(at + 1), "--hire"));
  }
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].starts_with("ramp=")) {
      GTM_ASSIGN_OR_RETURN(const int32_t days, ParseDays(parts[i].substr(5), "--hire", kRight));
      hire->set_ramp_days(days);
    } else if (parts[i].starts_with("productivity=")) {
      GTM_ASSIGN_OR_RETURN(const int32_t share, ParseFactor(parts[i].substr(13), "--hire"));
      hire->set_productivity_permille(share);
    } else {
      return Wrong("--hire", text, kRight);
    }
  }
  return {};
}

// One scenario a flag, each named as it was written.
Result<std::vector<v1::Scenario>> ParseChanges(const WhatIfFlags& flags) {
  std::vector<v1::Scenario> changes;
  const auto add = [&](std::string name) {
    changes.emplace_back().set_name(std::move(name));
    return &changes.back();
  };
  for (const std::string& id : flags.lose) {
    add("lose " + id)->add_lost_opportunity_ids(id);
  }
  if (flags.lose_biggest) add("lose the biggest")->set_lose_biggest(true);
  for (const std::string& slip : flags.slip) {
    GTM_RETURN_IF_ERROR(ParseSlip(slip, add("slip " + slip)));
  }
  for (const std::string& id : flags.win) add("win " + id)->add_won_opportunity_ids(id);
  for (const std::string& added : flags.add) {
    GTM_RETURN_IF_ERROR(ParseAdd(added, add("add " + added)));
  }
  GTM_ASSIGN_OR_RETURN(const int32_t close_rate, ParseFactor(flags.close_rate, "--close-rate"));
  if (close_rate != 0) add("close rate x" + flags.close_rate)->set_close_rate_permille(close_rate);
  GTM_ASSIGN_OR_RETURN(const int32_t price, ParseFactor(flags.price, "--price"));
  if (price != 0) add("price x" + flags.price)->set_price_permille(price);
  GTM_ASSIGN_OR_RETURN(const int32_t cycle, ParseFactor(flags.cycle, "--cycle"));
  if (cycle != 0) add("cycle x" + flags.cycle)->set_cycle_permille(cycle);
  for (const std::string& hire : flags.hire) {
    GTM_RETURN_IF_ERROR(ParseHire(hire, add("hire " + hire)));
  }
  if (changes.empty()) {
    return InvalidField("--lose",
                        "what would be otherwise? give at least one of --lose, "
                        "--lose-biggest, --slip, --win, --add, --close-rate, --price, "
                        "--cycle, --hire");
  }
  if (changes.size() > 1) {
    v1::Scenario all;
    for (const v1::Scenario& change : changes) all.MergeFrom(change);
    all.set_name("all together");
    changes.push_back(std::move(all));
  }
  return changes;
}

Result<v1::WhatIfQuestion> QuestionOf(const WhatIfFlags& flags) {
  v1::WhatIfQuestion question;
  GTM_ASSIGN_OR_RETURN(*question.mutable_point(), flags.point.Parse());
  if (!flags.period.empty()) {
    GTM_ASSIGN_OR_RETURN(*question.mutable_period(), ParsePeriodFlag(flags.period, "--period"));
  }
  if (!flags.target.empty()) {
    GTM_ASSIGN_OR_RETURN(*question.mutable_target_amount(),
                         ParseMoneyFlag(flags.target, "--target"));
  }
  question.mutable_selection()->set_owner_seller_id(flags.owner);
  question.mutable_selection()->set_segment(flags.segment);
  return question;
}

Result<int> RunWhatIf(Session& session, const WhatIfFlags& flags) {
  GTM_ASSIGN_OR_RETURN(const v1::WhatIfQuestion question, QuestionOf(flags));
  GTM_ASSIGN_OR_RETURN(const std::vector<v1::Scenario> scenarios, ParseChanges(flags));
  const Client& client = session.client();
  const auto context = client.NewContext(client.options().timeout);
  const auto stub = v1::ForecastingService::NewStub(client.channel());
  const auto stream = stub->WhatIf(context.get());
  std::vector<v1::WhatIfResponse> answers;
  for (const v1::Scenario& scenario : scenarios) {
    v1::WhatIfRequest request;
    if (answers.empty()) *request.mutable_question() = question;
    *request.mutable_scenario() = scenario;
    // Where the stream is broken, Finish says why.
    if (!stream->Write(request) || !stream->Read(&answers.emplace_back())) break;
  }
  stream->WritesDone();
  for (v1::WhatIfResponse rest; stream->Read(&rest);) {
  }
  if (const grpc::Status status = stream->Finish(); !status.ok()) return client.ToError(status);
  Printer printer = session.printer();
  if (printer.Json(answers.back())) return kExitOk;
  PrintWhatIf(answers, &printer);
  return kExitOk;
}

}  // namespace

void AddWhatIfCommand(CLI::App& app, Session& session) {
  auto flags = std::make_shared<WhatIfFlags>();
  CLI::App* command = app.add_subcommand("whatif", "The forecast if something were otherwise");
  flags->point.Register(*command);
  command->add_option("--period", flags->period, "Such as 2017-Q4; default: this quarter");
  command->add_option("--target", flags->target, "Bookings wanted; default: quotas")
      ->type_name("AMOUNT");
  command->add_option("--owner", flags->owner, "Only deals of this seller")->type_name("ID");
  command->add_option("--segment", flags->segment, "Only deals of this segment");
  command->add_option("--lose", flags->lose, "A deal that is lost")->type_name("DEAL");
  command->add_flag("--lose-biggest", flags->lose_biggest, "The deal that brings most is lost");
  command
      ->add_option("--slip", flags->slip, "A deal that slips: DEAL=30d; DEAL: to the next period")
      ->type_name("DEAL");
  command->add_option("--win", flags->win, "A deal that is won")->type_name("DEAL");
  command->add_option("--add", flags->add, "Pipeline that is added: 10x50000, 10x50k@45d (old)")
      ->type_name("DEALS");
  command->add_option("--close-rate", flags->close_rate, "So many times as many are won: 1.1")
      ->type_name("FACTOR");
  command->add_option("--price", flags->price, "Amounts of open and new deals: 1.05")
      ->type_name("FACTOR");
  command->add_option("--cycle", flags->cycle, "Time to close: 0.8 is faster")->type_name("FACTOR");
  command
      ->add_option("--hire", flags->hire,
                   "Sellers who begin: 3@2026-10-01:ramp=90d:productivity=0.8")
      ->type_name("SELLERS");
  command->callback([&session, flags] {
    session.action = [&session, flags] { return RunWhatIf(session, *flags); };
  });
}

}  // namespace gtm::cli
