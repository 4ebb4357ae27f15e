#include <algorithm>

#include <fmt/format.h>

#include "common/book/view_data.h"

namespace gtm::book {
namespace {

template <class Row>
uint32_t Index(Row row) {
  return static_cast<uint32_t>(row);
}

template <class Chunk>
bool IsLive(const Table<Chunk>& table, uint32_t row) {
  return row < table.row_count() && table.chunk(row).records.has(table.slot(row));
}

template <class Row, class Chunk>
std::optional<Row> FindLive(const Names& names, const Table<Chunk>& table, std::string_view id) {
  const uint32_t row = names.Find(id);
  // A newer row is not of this view.
  if (row == Names::kNone || !IsLive(table, row)) return std::nullopt;
  return Row{row};
}

template <class Row, class Chunk>
std::span<const Row> RowsById(SortedRows& sorted, const Names& names, const Table<Chunk>& table) {
  static_assert(sizeof(Row) == sizeof(uint32_t));
  const std::vector<uint32_t>& rows = sorted.Get(
      table.row_count(), [&](uint32_t row) { return IsLive(table, row); },
      [&](uint32_t a, uint32_t b) { return names.Text(a) < names.Text(b); });
  return {reinterpret_cast<const Row*>(rows.data()), rows.size()};
}

template <class Row, class Chunk>
std::vector<Row> ListOf(uint32_t first, const Table<Chunk>& table) {
  std::vector<Row> rows;
  for (uint32_t row = first; row != kNoRow; row = table.chunk(row).next[table.slot(row)]) {
    rows.push_back(Row{row});
  }
  std::sort(rows.begin(), rows.end());
  return rows;
}

}  // namespace

std::shared_ptr<const BookView::Data> BookView::Data::Empty() {
  static const auto* empty = new std::shared_ptr<const Data>([] {
    auto data = std::make_shared<Data>();
    data->names = std::make_shared<const NameSet>();
    data->settings = std::make_shared<const Settings>(DecodeSettings({}));
    data->exchange_rates = std::make_shared<const ExchangeRates>();
    data->accounts_by_id = std::make_shared<SortedRows>(nullptr, std::vector<uint32_t>{});
    data->contacts_by_id = std::make_shared<SortedRows>(nullptr, std::vector<uint32_t>{});
    data->opportunities_by_id = std::make_shared<SortedRows>(nullptr, std::vector<uint32_t>{});
    return data;
  }());
  return *empty;
}

BookView::BookView() : data_(Data::Empty()) {}

const std::string& BookView::epoch() const { return data_->epoch; }
int64_t BookView::seq() const { return data_->seq; }
std::string BookView::revision() const { return fmt::format("{}:{}", epoch(), seq()); }
const Settings& BookView::settings() const { return *data_->settings; }

uint32_t BookView::account_row_count() const { return data_->tables.accounts.row_count(); }
bool BookView::is_live(AccountRow row) const { return IsLive(data_->tables.accounts, Index(row)); }
std::optional<AccountRow> BookView::FindAccount(std::string_view id) const {
  return FindLive<AccountRow>(data_->names->accounts, data_->tables.accounts, id);
}
std::span<const AccountRow> BookView::accounts_by_id() const {
  return RowsById<AccountRow>(*data_->accounts_by_id, data_->names->accounts,
                              data_->tables.accounts);
}
AccountFacts BookView::account(AccountRow row) const {
  AccountFacts facts;
  const Table<AccountChunk>& table = data_->tables.accounts;
  if (Index(row) >= table.row_count()) return facts;
  facts.id = data_->names->accounts.Text(Index(row));
  const auto& records = table.chunk(Index(row)).records;
  const uint32_t slot = table.slot(Index(row));
  if (records.has(slot)) Decode(records.Get(slot), *data_->names, &facts);
  return facts;
}

uint32_t BookView::contact_row_count() const { return data_->tables.contacts.row_count(); }
bool BookView::is_live(ContactRow row) const { return IsLive(data_->tables.contacts, Index(row)); }
std::optional<ContactRow> BookView::FindContact(std::string_view id) const {
  return FindLive<ContactRow>(data_->names->contacts, data_->tables.contacts, id);
}
std::span<const ContactRow> BookView::contacts_by_id() const {
  return RowsById<ContactRow>(*data_->contacts_by_id, data_->names->contacts,
                              data_->tables.contacts);
}
std::vector<ContactRow> BookView::contacts_of(AccountRow account) const {
  if (!is_live(account)) return {};
  const Table<AccountChunk>& accounts = data_->tables.accounts;
  return ListOf<ContactRow>(
      accounts.chunk(Index(account)).first_contact[accounts.slot(Index(account))],
      data_->tables.contacts);
}
ContactFacts BookView::contact(ContactRow row) const {
  ContactFacts facts;
  const Table<ContactChunk>& table = data_->tables.contacts;
  if (Index(row) >= table.row_count()) return facts;
  facts.id = data_->names->contacts.Text(Index(row));
  const ContactChunk& chunk = table.chunk(Index(row));
  const uint32_t slot = table.slot(Index(row));
  if (!chunk.records.has(slot)) return facts;
  const uint32_t account = chunk.account[slot];
  if (account != kNoRow) facts.account_id = data_->names->accounts.Text(account);
  if (is_live(AccountRow{account})) facts.account = AccountRow{account};
  Decode(chunk.records.Get(slot), *data_->names, &facts);
  return facts;
}

uint32_t BookView::opportunity_row_count() const { return data_->tables.opportunities.row_count(); }
bool BookView::is_live(OpportunityRow row) const {
  return IsLive(data_->tables.opportunities, Index(row));
}
std::optional<OpportunityRow> BookView::FindOpportunity(std::string_view id) const {
  return FindLive<OpportunityRow>(data_->names->opportunities, data_->tables.opportunities, id);
}
std::span<const OpportunityRow> BookView::opportunities_by_id() const {
  return RowsById<OpportunityRow>(*data_->opportunities_by_id, data_->names->opportunities,
                                  data_->tables.opportunities);
}
std::vector<OpportunityRow> BookView::opportunities_of(AccountRow account) const {
  if (!is_live(account)) return {};
  const Table<AccountChunk>& accounts = data_->tables.accounts;
  return ListOf<OpportunityRow>(
      accounts.chunk(Index(account)).first_opportunity[accounts.slot(Index(account))],
      data_->tables.opportunities);
}
bool BookView::WhyNowAnswered(AccountRow account, absl::Time as_of) const {
  if (!is_live(account)) return false;
  const Table<AccountChunk>& accounts = data_->tables.accounts;
  const Table<OpportunityChunk>& table = data_->tables.opportunities;
  uint32_t row = accounts.chunk(Index(account)).first_opportunity[accounts.slot(Index(account))];
  for (; row != kNoRow; row = table.chunk(row).next[table.slot(row)]) {
    const OpportunityChunk& chunk = table.chunk(row);
    const uint32_t slot = table.slot(row);
    if (!chunk.answers_why_now[slot]) continue;
    const std::span<const StageChange> stages = DecodeStages(chunk.records.Get(slot));
    if (!stages.empty() && stages.front().time <= as_of) return true;
  }
  return false;
}
OpportunityFacts BookView::opportunity(OpportunityRow row) const {
  OpportunityFacts facts;
  const Table<OpportunityChunk>& table = data_->tables.opportunities;
  if (Index(row) >= table.row_count()) return facts;
  facts.id = data_->names->opportunities.Text(Index(row));
  const OpportunityChunk& chunk = table.chunk(Index(row));
  const uint32_t slot = table.slot(Index(row));
  if (!chunk.records.has(slot)) return facts;
  const uint32_t account = chunk.account[slot];
  if (account != kNoRow) facts.account_id = data_->names->accounts.Text(account);
  if (is_live(AccountRow{account})) facts.account = AccountRow{account};
  Decode(chunk.records.Get(slot), *data_->names, &facts);
  return facts;
}
std::optional<absl::Time> BookView::newest_change(records::v1::Record::PayloadCase kind) const {
  const auto found = data_->newest_changes.find(kind);
  if (found == data_->newest_changes.end()) return std::nullopt;
  return absl::FromUnixSeconds(found->second);
}
int64_t BookView::unknown_stage_count() const { return data_->unknown_stage_count; }

std::span<const EngagementEvent> BookView::engagements_of(AccountRow account) const {
  if (!is_live(account)) return {};
  const Table<EventChunk>& events = data_->tables.events;
  const Ref<EventBlock>& block = events.chunk(Index(account)).blocks[events.slot(Index(account))];
  return block ? block->sorted() : std::span<const EngagementEvent>();
}
int64_t BookView::engagement_count() const {
  return data_->attached_count + data_->unattached_count;
}
int64_t BookView::unattached_engagement_count() const { return data_->unattached_count; }
uint32_t BookView::visitor_row_count() const { return data_->tables.visitors.row_count(); }
std::optional<VisitorRow> BookView::FindVisitor(std::string_view id) const {
  const uint32_t row = data_->names->visitors.Find(id);
  if (row == Names::kNone || engagements_of(VisitorRow{row}).empty()) return std::nullopt;
  return VisitorRow{row};
}
std::string_view BookView::visitor_id(VisitorRow row) const {
  return data_->names->visitors.Text(Index(row));
}
std::span<const EngagementEvent> BookView::engagements_of(VisitorRow row) const {
  const Table<EventChunk>& events = data_->tables.visitors;
  if (Index(row) >= events.row_count()) return {};
  const Ref<EventBlock>& block = events.chunk(Index(row)).blocks[events.slot(Index(row))];
  return block ? block->sorted() : std::span<const EngagementEvent>();
}
std::shared_ptr<const crm::v1::VisitorLink> BookView::link_of(VisitorRow row) const {
  const std::string_view id = visitor_id(row);
  const auto& links = visitor_links();
  const auto found = std::lower_bound(
      links.begin(), links.end(), id,
      [](const auto& link, std::string_view wanted) { return link->id() < wanted; });
  return found != links.end() && (*found)->id() == id ? *found : nullptr;
}
TouchDetails BookView::details(const EngagementEvent& event) const {
  return DetailsOf(event, *data_->names);
}
std::string_view BookView::text(uint32_t symbol) const {
  return symbol == kNoRow ? std::string_view() : data_->names->symbols.Text(symbol);
}

#define GTM_X(Name, field, plural, Type) \
  const MessageList<Type>& BookView::plural() const { return *data_->messages.field; }
GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X

Result<Money> BookView::InReportingCurrency(const Money& money, absl::CivilDay day) const {
  const Currency reporting = settings().reporting_currency;
  if (money.currency == reporting) return money;
  const auto rates = data_->exchange_rates->find(money.currency.code());
  if (rates != data_->exchange_rates->end()) {
    const auto after = rates->second.upper_bound(day);
    if (after != rates->second.begin()) {
      return Convert(money, std::prev(after)->second, reporting);
    }
  }
  const std::string date = absl::FormatCivilTime(day);
  return Error(Reason::EXCHANGE_RATE_MISSING,
               fmt::format("no exchange rate from {} to {} on {}; record an exchange_rate",
                           money.currency.code(), reporting.code(), date))
      .With("currency", std::string(money.currency.code()))
      .With("date", date);
}

}  // namespace gtm::book
