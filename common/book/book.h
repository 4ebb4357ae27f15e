#pragma once
// A tenant's records as columns in memory.
//
// One writer applies change batches (Apply); any number of readers pin a BookView,
// which never changes and never blocks the writer or another reader. Views share
// chunks with the Book: a chunk is copied only when it changes while a view holds it.
// Limits (DESIGN 4): an account with 5 contacts, 40 engagements and 1 opportunity
// takes at most 2 KiB; applying is at least 100,000 records/s.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/book/facts.h"
#include "common/core/fiscal_calendar.h"
#include "common/core/result.h"
#include "gtm/records/v1/record.pb.h"

namespace gtm::book {

// Tenant settings, decoded, with defaults for what is not set (see TenantSettings).
struct Settings {
  FiscalCalendar calendar;
  Currency reporting_currency = Currency::Of("USD");
  struct Stage {
    std::string id;
    std::string display_name;
    StageRole role;
    int32_t position;
  };
  std::vector<Stage> stages;
  int buying_group_size_min = 7;
  int buying_group_size_max = 11;
  int64_t market_people_count = 0;   // 0: not stated
  int64_t market_account_count = 0;  // 0: not stated
};

// Records of the smaller kinds are kept as their messages, ordered by id.
template <class Message>
using MessageList = std::vector<std::shared_ptr<const Message>>;

// A consistent state of a tenant's records at one revision. Cheap to copy,
// thread-safe; everything read from it lives as long as any copy.
class BookView {
 public:
  // A state without records.
  BookView();

  const std::string& epoch() const;
  int64_t seq() const;
  // "<epoch>:<seq>".
  std::string revision() const;
  const Settings& settings() const;

  // ---- accounts: rows 0 .. account_row_count() - 1. A row that is not live stands for
  // a record that was deleted, or that others name but that is not recorded yet; its
  // facts are empty but for the id.
  uint32_t account_row_count() const;
  bool is_live(AccountRow row) const;
  std::optional<AccountRow> FindAccount(std::string_view id) const;
  AccountFacts account(AccountRow row) const;
  // Rows by rising record id, live only: the order for answers and hashes.
  // Computed on first use, kept with the view.
  std::span<const AccountRow> accounts_by_id() const;

  // Accounts whose own record, engagements, contacts, opportunities, trigger events or call
  // summaries may have changed since an older view of the same Book, by rising row: all that
  // changed, and a few neighbors that did not. Nothing where it cannot be told, or everything may
  // differ: the Book was read anew, or settings or exchange rates changed. Takes far less than a
  // look at every account.
  std::optional<std::vector<AccountRow>> AccountsChangedSince(const BookView& older) const;

  // ---- contacts
  uint32_t contact_row_count() const;
  bool is_live(ContactRow row) const;
  std::optional<ContactRow> FindContact(std::string_view id) const;
  ContactFacts contact(ContactRow row) const;
  std::span<const ContactRow> contacts_by_id() const;
  // Contacts of an account, by rising row.
  std::vector<ContactRow> contacts_of(AccountRow account) const;

  // ---- opportunities
  uint32_t opportunity_row_count() const;
  bool is_live(OpportunityRow row) const;
  std::optional<OpportunityRow> FindOpportunity(std::string_view id) const;
  OpportunityFacts opportunity(OpportunityRow row) const;
  std::span<const OpportunityRow> opportunities_by_id() const;
  std::vector<OpportunityRow> opportunities_of(AccountRow account) const;
  // An opportunity of the account that had begun by `as_of` answers why now (UR-09). Much
  // quicker than a look at their facts.
  bool WhyNowAnswered(AccountRow account, absl::Time as_of) const;
  // Stage entries whose id the settings do not know (they count as kOpen).
  int64_t unknown_stage_count() const;

  // ---- engagements of an account by rising (time, id hash): its own, and those of visitors
  // who are linked to it.
  std::span<const EngagementEvent> engagements_of(AccountRow account) const;
  // All engagements, with or without a known account, each once.
  int64_t engagement_count() const;
  int64_t unattached_engagement_count() const;
  // ---- visitors: who engaged without an account, under an anonymous id (TG-08). Rows 0 ..
  // visitor_row_count() - 1; one without engagements is no longer anybody.
  uint32_t visitor_row_count() const;
  std::optional<VisitorRow> FindVisitor(std::string_view id) const;
  std::string_view visitor_id(VisitorRow row) const;
  // By rising (time, id hash), whether linked or not. Those of a linked visitor are also among
  // engagements_of its account, as of the contact of the link (C04).
  std::span<const EngagementEvent> engagements_of(VisitorRow row) const;
  // Who the visitor turned out to be. Null where nobody has said.
  std::shared_ptr<const crm::v1::VisitorLink> link_of(VisitorRow row) const;

  // What else an engagement names.
  TouchDetails details(const EngagementEvent& event) const;
  // Text of a symbol such as TouchDetails::campaign. "" for kNoRow.
  std::string_view text(uint32_t symbol) const;

  // ---- kinds kept as messages, by rising id
  const MessageList<crm::v1::Campaign>& campaigns() const;
  const MessageList<crm::v1::Spend>& spends() const;
  const MessageList<crm::v1::LeadCount>& lead_counts() const;
  const MessageList<crm::v1::Seller>& sellers() const;
  const MessageList<crm::v1::Executive>& executives() const;
  const MessageList<crm::v1::SubscriptionMovement>& subscription_movements() const;
  const MessageList<crm::v1::Headcount>& headcounts() const;
  const MessageList<crm::v1::ExchangeRate>& exchange_rates() const;
  const MessageList<crm::v1::TriggerEvent>& trigger_events() const;
  const MessageList<crm::v1::CallSummary>& call_summaries() const;
  const MessageList<crm::v1::SurveyResponse>& survey_responses() const;
  const MessageList<crm::v1::VisitorLink>& visitor_links() const;
  const MessageList<targeting::v1::TargetDefinition>& target_definitions() const;
  const MessageList<targeting::v1::Handover>& handovers() const;
  const MessageList<sponsorship::v1::SponsorshipProgram>& sponsorship_programs() const;
  const MessageList<sponsorship::v1::Sponsorship>& sponsorships() const;
  const MessageList<sponsorship::v1::MatchRun>& match_runs() const;
  const MessageList<forecasting::v1::ForecastEdition>& forecast_editions() const;
  const MessageList<forecasting::v1::ForecastCall>& forecast_calls() const;
  const MessageList<growth::v1::SignalVerdict>& signal_verdicts() const;
  const MessageList<growth::v1::Commitment>& commitments() const;

  // When a record of a kind last changed, to the second; nothing where none was ever seen.
  std::optional<absl::Time> newest_change(records::v1::Record::PayloadCase kind) const;

  // Money in the reporting currency with the rate of `day`. Error:
  // EXCHANGE_RATE_MISSING.
  Result<Money> InReportingCurrency(const Money& money, absl::CivilDay day) const;

  // SHA-256 (hex) over all records in canonical order: equal for equal contents,
  // however they arrived (A7).
  std::string ContentHash() const;

 private:
  friend class Book;
  struct Data;
  explicit BookView(std::shared_ptr<const Data> data) : data_(std::move(data)) {}
  std::shared_ptr<const Data> data_;
};

// The mutable side. Thread-safe: Apply calls are serialized, View may be called from
// any thread at any time.
class Book {
 public:
  Book();
  ~Book();
  Book(const Book&) = delete;
  Book& operator=(const Book&) = delete;

  // One record as it is from now on, or its deletion.
  struct Change {
    records::v1::Record record;  // for a deletion: as it was, or only kind and id
    bool deleted = false;
  };
  // Applies records and moves the Book to (epoch, seq). Idempotent: a record applied
  // twice is the same as once, so an overlapping list and watch converge. While a
  // list is loaded, pass the seq of its first page.
  void Apply(std::vector<Change> changes, std::string_view epoch, int64_t seq);
  // The same for a page of a list, wherever its messages live (an arena, at best: millions
  // of short-lived fields would otherwise lie between what is kept). Consumes the records.
  using Page = google::protobuf::RepeatedPtrField<records::v1::Record>;
  void ApplyPage(Page* page, std::string_view epoch, int64_t seq);
  // The state after the last Apply.
  BookView View() const;
  // Bytes held, for the memory limit.
  int64_t memory_bytes() const;

 private:
  struct State;
  void MoveTo(std::string_view epoch, int64_t seq);
  std::unique_ptr<State> state_;
};

}  // namespace gtm::book
