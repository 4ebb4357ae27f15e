#include "common/testing/record_builders.h"

#include <cassert>
#include <cstdlib>

#include "common/core/clock.h"
#include "common/record/kinds.h"

namespace gtm::test {
namespace {

constexpr absl::Duration kCallTimeout = absl::Seconds(10);

}  // namespace

absl::Time At(std::string_view text) {
  absl::Time time;
  std::string error;
  const absl::string_view view(text.data(), text.size());
  const bool has_time = text.find('T') != std::string_view::npos;
  if (!absl::ParseTime(has_time ? absl::RFC3339_full : "%Y-%m-%d", view, &time, &error)) {
    assert(false && "a test's time is malformed");
    std::abort();
  }
  return time;
}

google::protobuf::Timestamp Stamp(absl::Time time) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(seconds);
  stamp.set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return stamp;
}

google::protobuf::Timestamp Stamp(std::string_view text) { return Stamp(At(text)); }

type::v1::Date Date(std::string_view text) {
  const absl::CivilDay day = absl::ToCivilDay(At(text), absl::UTCTimeZone());
  type::v1::Date date;
  date.set_year(static_cast<int32_t>(day.year()));
  date.set_month(day.month());
  date.set_day(day.day());
  return date;
}

type::v1::Money MoneyOf(int64_t units, std::string_view currency, int32_t micros) {
  type::v1::Money money;
  money.set_currency_code(std::string(currency));
  money.set_units(units);
  money.set_nanos(micros * 1'000);
  return money;
}

Account::Account(std::string_view id) : RecordBuilder(id) {}

Contact::Contact(std::string_view id, std::string_view account_id) : RecordBuilder(id) {
  payload_.set_account_id(std::string(account_id));
}

Opportunity::Opportunity(std::string_view id, std::string_view account_id) : RecordBuilder(id) {
  payload_.set_account_id(std::string(account_id));
}

Opportunity& Opportunity::Stage(std::string_view time, std::string_view stage_id) {
  auto* change = payload_.add_stage_changes();
  *change->mutable_change_time() = Stamp(time);
  change->set_stage_id(std::string(stage_id));
  return *this;
}

Opportunity& Opportunity::Amount(std::string_view time, int64_t units, std::string_view currency) {
  auto* change = payload_.add_amount_changes();
  *change->mutable_change_time() = Stamp(time);
  *change->mutable_amount() = MoneyOf(units, currency);
  return *this;
}

Opportunity& Opportunity::Close(std::string_view time, std::string_view close_date) {
  auto* change = payload_.add_close_date_changes();
  *change->mutable_change_time() = Stamp(time);
  *change->mutable_close_date() = Date(close_date);
  return *this;
}

Opportunity& Opportunity::Member(std::string_view contact_id, crm::v1::BuyingRole role) {
  auto* member = payload_.add_buying_group();
  member->set_contact_id(std::string(contact_id));
  member->set_role(role);
  return *this;
}

Opportunity& Opportunity::Owner(std::string_view seller_id) {
  payload_.set_owner_seller_id(std::string(seller_id));
  return *this;
}

records::v1::Record Opportunity::Build() const {
  if (payload_.stage_changes_size() > 0) return Wrap(payload_);
  Opportunity with_stage = *this;
  return Wrap(with_stage.Stage("2026-01-01", "open").payload());
}

Engagement::Engagement(std::string_view id, std::string_view account_id, std::string_view time,
                       crm::v1::Engagement::Type type, crm::v1::Engagement::Direction direction)
    : RecordBuilder(id) {
  payload_.set_account_id(std::string(account_id));
  *payload_.mutable_occur_time() = Stamp(time);
  payload_.set_type(type);
  payload_.set_direction(direction);
}

Movement::Movement(std::string_view id, std::string_view account_id,
                   std::string_view effective_date, int64_t mrr_delta_units,
                   std::string_view currency)
    : RecordBuilder(id) {
  using M = crm::v1::SubscriptionMovement;
  payload_.set_account_id(std::string(account_id));
  *payload_.mutable_effective_date() = Date(effective_date);
  payload_.set_type(mrr_delta_units < 0 ? M::TYPE_CHURN : M::TYPE_NEW);
  *payload_.mutable_mrr_delta() = MoneyOf(mrr_delta_units, currency);
}

TenantSettings::TenantSettings() : RecordBuilder("settings") {
  int position = 0;
  for (const auto& [id, role] :
       {std::pair("stage_zero", crm::v1::Stage::ROLE_STAGE_ZERO),
        std::pair("open", crm::v1::Stage::ROLE_OPEN),
        std::pair("contract", crm::v1::Stage::ROLE_CONTRACT),
        std::pair("won", crm::v1::Stage::ROLE_WON), std::pair("lost", crm::v1::Stage::ROLE_LOST)}) {
    auto* stage = payload_.add_stages();
    stage->set_id(id);
    stage->set_role(role);
    stage->set_position(position++);
  }
}

TenantId TestTenant() { return TenantId("test-tenant"); }

rpc::Call MakeCall(absl::Time now) {
  rpc::Call call;
  call.principal.subject = "user:test";
  call.principal.tenant = TestTenant();
  call.principal.roles = (1u << rpc::kRoleCount) - 1;
  call.method = "gtm.test.v1.TestService/Test";
  call.trace_id = "0123456789abcdef0123456789abcdef";
  call.span_id = "0123456789abcdef";
  call.now = now;
  call.deadline = SystemClock().Now() + kCallTimeout;
  return call;
}

rpc::Call MakeCall(std::string_view now) { return MakeCall(At(now)); }

void builders_internal::SetPayload(records::v1::Record* record,
                                   const google::protobuf::Message& payload) {
  for (const record::KindInfo& kind : record::Kinds()) {
    if (kind.payload_type() != payload.GetDescriptor()) continue;
    record->GetReflection()->MutableMessage(record, kind.payload_field)->CopyFrom(payload);
    return;
  }
  assert(false && "this message is no record payload");
}

}  // namespace gtm::test
