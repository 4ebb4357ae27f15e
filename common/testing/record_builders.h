#pragma once
// Records for tests in a line each. The namespace is gtm::test, since gtm::testing would
// hide the ::testing of GoogleTest.
//
//   fake.Put(Account("acme").Set([](auto& a) { a.set_industry("software"); }));
//   fake.Put(Opportunity("o1", "acme").Stage("2026-01-05", "open")
//                .Amount("2026-01-05", 1'000).Close("2026-01-05", "2026-03-31"));

#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "common/core/money.h"
#include "common/rpc/call.h"
#include "gtm/records/v1/record.pb.h"

namespace gtm::test {

// "2026-01-05" (midnight UTC) or "2026-01-05T10:30:00Z".
absl::Time At(std::string_view text);
google::protobuf::Timestamp Stamp(absl::Time time);
google::protobuf::Timestamp Stamp(std::string_view text);
// "2026-01-05".
type::v1::Date Date(std::string_view text);
// Whole units and millionths.
type::v1::Money MoneyOf(int64_t units, std::string_view currency = "USD", int32_t micros = 0);

// A record around any payload: Wrap(crm::v1::Seller()).
template <class Payload>
records::v1::Record Wrap(Payload payload);

// Builds one record; converts to it.
template <class Payload>
class RecordBuilder {
 public:
  explicit RecordBuilder(std::string_view id) { payload_.set_id(std::string(id)); }
  // Any field: `.Set([](auto& seller) { seller.set_team("north"); })`.
  template <class Edit>
  RecordBuilder& Set(Edit edit) {
    edit(payload_);
    return *this;
  }
  operator records::v1::Record() const { return Wrap(payload_); }  // NOLINT: by design
  records::v1::Record Build() const { return Wrap(payload_); }
  const Payload& payload() const { return payload_; }

 protected:
  Payload payload_;
};

class Account : public RecordBuilder<crm::v1::Account> {
 public:
  explicit Account(std::string_view id);
};

class Contact : public RecordBuilder<crm::v1::Contact> {
 public:
  explicit Contact(std::string_view id, std::string_view account_id = "");
};

// Without a stage it gets "open" on 2026-01-01, since every opportunity has one.
class Opportunity : public RecordBuilder<crm::v1::Opportunity> {
 public:
  explicit Opportunity(std::string_view id, std::string_view account_id = "");
  Opportunity& Stage(std::string_view time, std::string_view stage_id);
  Opportunity& Amount(std::string_view time, int64_t units, std::string_view currency = "USD");
  Opportunity& Close(std::string_view time, std::string_view close_date);
  Opportunity& Member(std::string_view contact_id,
                      crm::v1::BuyingRole role = crm::v1::BUYING_ROLE_UNSPECIFIED);
  Opportunity& Owner(std::string_view seller_id);
  template <class Edit>
  Opportunity& Set(Edit edit) {
    edit(payload_);
    return *this;
  }
  operator records::v1::Record() const { return Build(); }  // NOLINT: by design
  records::v1::Record Build() const;
};

class Engagement : public RecordBuilder<crm::v1::Engagement> {
 public:
  Engagement(std::string_view id, std::string_view account_id, std::string_view time,
             crm::v1::Engagement::Type type = crm::v1::Engagement::TYPE_MEETING,
             crm::v1::Engagement::Direction direction = crm::v1::Engagement::DIRECTION_INBOUND);
};

class Movement : public RecordBuilder<crm::v1::SubscriptionMovement> {
 public:
  // The type follows from the sign: new or churn.
  Movement(std::string_view id, std::string_view account_id, std::string_view effective_date,
           int64_t mrr_delta_units, std::string_view currency = "USD");
};

// Settings with stages of all five roles, named as in "stage_zero", "open", ...
class TenantSettings : public RecordBuilder<crm::v1::TenantSettings> {
 public:
  TenantSettings();
};

using Seller = RecordBuilder<crm::v1::Seller>;
using Executive = RecordBuilder<crm::v1::Executive>;
using Campaign = RecordBuilder<crm::v1::Campaign>;

// Tenant of MakeCall and FakeRecords.
TenantId TestTenant();
// A call of a principal with all roles, at `now`, with a deadline 10 s of wall-clock
// time ahead.
rpc::Call MakeCall(absl::Time now);
rpc::Call MakeCall(std::string_view now = "2026-06-30");

// ---- implementation

namespace builders_internal {
void SetPayload(records::v1::Record* record, const google::protobuf::Message& payload);
}  // namespace builders_internal

template <class Payload>
records::v1::Record Wrap(Payload payload) {
  records::v1::Record record;
  builders_internal::SetPayload(&record, payload);
  return record;
}

}  // namespace gtm::test
