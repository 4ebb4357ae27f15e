#include "services/forecasting/handler/call_records.h"

#include <algorithm>
#include <set>

#include "common/core/sha256.h"
#include "services/forecasting/handler/parse.h"
#include "services/forecasting/handler/render.h"

namespace gtm::forecasting::handler {
namespace {

std::string KeyOf(const type::v1::FiscalPeriod& period) { return CanonicalBytes(period); }

}  // namespace

CallsByOwner CallsOf(const records_client::Question& question,
                     const type::v1::FiscalPeriod& period) {
  CallsByOwner calls;
  const std::string key = KeyOf(period);
  for (const auto& call : question.view.forecast_calls()) {
    if (KeyOf(call->period()) != key || ToTime(call->submit_time()) > question.as_of) continue;
    calls[call->owner_seller_id()].push_back(call.get());
  }
  for (auto& [owner, of_owner] : calls) {
    std::sort(of_owner.begin(), of_owner.end(), [](const auto* a, const auto* b) {
      const absl::Time at = ToTime(a->submit_time()), bt = ToTime(b->submit_time());
      return at != bt ? at > bt : a->id() < b->id();
    });
  }
  return calls;
}

const v1::ForecastCall* LatestAt(const CallsByOwner& calls, const std::string& owner,
                                 absl::Time time) {
  const auto found = calls.find(owner);
  if (found == calls.end()) return nullptr;
  for (const v1::ForecastCall* call : found->second) {
    if (ToTime(call->submit_time()) <= time) return call;
  }
  return nullptr;
}

domain::Teams TeamsOf(const records_client::Question& question) {
  const book::BookView& view = question.view;
  const absl::CivilDay today = view.settings().calendar.DayOf(question.as_of);
  std::vector<domain::TeamRecord> records;
  std::set<std::string> known;
  for (const auto& seller : view.sellers()) {
    const std::string& name = seller->display_name();
    const type::v1::Date& leave = seller->leave_date();
    const bool has_left = seller->has_leave_date() &&
                          absl::CivilDay(leave.year(), leave.month(), leave.day()) <= today;
    records.push_back(
        {seller->id(), name.empty() ? seller->id() : name, seller->manager_id(), has_left});
    known.insert(seller->id());
  }
  const auto add = [&](const std::string& id) {
    if (!id.empty() && known.insert(id).second) records.push_back({id, id, "", false});
  };
  for (const auto& seller : view.sellers()) add(seller->manager_id());
  for (const auto& call : view.forecast_calls()) add(call->owner_seller_id());
  return domain::Teams(std::move(records));
}

std::optional<int64_t> MicrosIn(const type::v1::Money& money, Currency currency) {
  if (money.currency_code() != currency.code()) return {};
  return money.units() * kMicrosPerUnit + money.nanos() / 1000;
}

std::string HashOfCalls(const records_client::Question& question, const domain::Teams& teams) {
  Sha256 hash;
  for (const auto& call : question.view.forecast_calls()) {
    if (ToTime(call->submit_time()) <= question.as_of) hash.UpdateText(CanonicalBytes(*call));
  }
  for (const domain::TeamMember& member : teams.members()) {
    hash.UpdateText(member.id).UpdateText(member.name).Update(member.depth);
  }
  return hash.HexDigest();
}

}  // namespace gtm::forecasting::handler
