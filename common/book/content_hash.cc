// The hash of everything that a view knows, in an order and a form that do not depend
// on how it came to know it.

#include <algorithm>
#include <numeric>

#include <openssl/evp.h>

#include "common/book/view_data.h"
#include "common/record/kinds.h"

namespace gtm::book {
namespace {

// Writes values so that no two different lists of values give the same bytes.
class HashWriter {
 public:
  HashWriter() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_, EVP_sha256(), nullptr); }
  ~HashWriter() { EVP_MD_CTX_free(context_); }
  HashWriter(const HashWriter&) = delete;

  void Text(std::string_view text) {
    Int(static_cast<int64_t>(text.size()));
    Raw(text);
  }
  void Int(int64_t value) {
    char bytes[8];
    for (char& byte : bytes) {
      byte = static_cast<char>(value);
      value >>= 8;
    }
    Raw({bytes, sizeof(bytes)});
  }
  template <class T>
  void Optional(const std::optional<T>& value) {
    Int(value.has_value());
    if (value.has_value()) Int(*value);
  }
  void Optional(const std::optional<Money>& value) {
    Int(value.has_value());
    if (value.has_value()) Amount(*value);
  }
  void Optional(const std::optional<absl::CivilDay>& value) {
    Int(value.has_value());
    if (value.has_value()) Day(*value);
  }
  void Amount(const Money& money) {
    Int(money.micros);
    Text(money.currency.code());
  }
  void Day(absl::CivilDay day) { Int(day - absl::CivilDay()); }
  void Time(absl::Time time) {
    Int(absl::ToUnixSeconds(time));
    Int(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(absl::ToUnixSeconds(time))));
  }
  void Texts(std::span<const std::string_view> texts) {
    Int(static_cast<int64_t>(texts.size()));
    for (const std::string_view text : texts) Text(text);
  }
  template <class Facts>
  void Custom(const Facts& facts) {
    Int(static_cast<int64_t>(facts.custom_labels.size()));
    for (const auto& [key, value] : facts.custom_labels) {
      Text(key);
      Text(value);
    }
    Int(static_cast<int64_t>(facts.custom_numbers.size()));
    for (const auto& [key, value] : facts.custom_numbers) {
      Text(key);
      int64_t bits;
      std::memcpy(&bits, &value, sizeof(bits));
      Int(bits);
    }
  }
  std::string Finish() {
    Flush();
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_, digest, &size);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
      hex += "0123456789abcdef"[digest[i] >> 4];
      hex += "0123456789abcdef"[digest[i] & 15];
    }
    return hex;
  }

 private:
  static constexpr size_t kBufferBytes = 16 * 1024;
  void Raw(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= kBufferBytes) Flush();
  }
  void Flush() {
    EVP_DigestUpdate(context_, buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  EVP_MD_CTX* context_;
  std::string buffer_;
};

void Write(const Settings& s, HashWriter* out) {
  out->Int(s.calendar.year_start_month());
  out->Text(s.calendar.time_zone().name());
  out->Text(s.reporting_currency.code());
  for (const Settings::Stage& stage : s.stages) {
    out->Text(stage.id);
    out->Text(stage.display_name);
    out->Int(static_cast<int64_t>(stage.role));
    out->Int(stage.position);
  }
  for (const int64_t number : {int64_t{s.buying_group_size_min}, int64_t{s.buying_group_size_max},
                               s.market_people_count, s.market_account_count}) {
    out->Int(number);
  }
}

void Write(const AccountFacts& f, HashWriter* out) {
  for (const std::string_view text :
       {f.id, f.display_name, f.industry, f.country, f.region, f.segment, f.source,
        f.parent_account_id, f.owner_seller_id}) {
    out->Text(text);
  }
  out->Optional(f.employee_count);
  out->Optional(f.annual_revenue);
  out->Optional(f.revenue_growth_bps);
  out->Optional(f.founded_year);
  out->Optional(f.potential_lifetime_value);
  out->Optional(f.market_influence);
  out->Optional(f.growth_capacity);
  out->Optional(f.leadership_change_day);
  out->Optional(f.first_seen_day);
  out->Texts(f.technologies);
  out->Int(f.technologies_known);
  out->Custom(f);
}

void Write(const ContactFacts& f, HashWriter* out) {
  for (const std::string_view text :
       {f.id, f.account_id, f.display_name, f.job_title, f.job_function, f.region, f.personality,
        f.preferred_channel, f.nominated_by_function}) {
    out->Text(text);
  }
  out->Optional(f.seniority);
  out->Optional(f.market_influence);
  out->Optional(f.commitment);
  out->Int(f.buying_role);
  out->Int(f.sponsorship_candidate);
  out->Texts(f.interests);
  out->Custom(f);
}

void Write(const OpportunityFacts& f, const Names& contacts, HashWriter* out) {
  for (const std::string_view text :
       {f.id, f.account_id, f.display_name, f.owner_seller_id, f.product, f.segment, f.source,
        f.campaign_id, f.loss_reason, f.competitor}) {
    out->Text(text);
  }
  out->Int(f.type);
  for (const auto& flag : {f.self_sourced, f.buyer_states_value, f.has_budget, f.has_authority,
                           f.has_confidence, f.has_consensus, f.has_urgent_need}) {
    out->Optional(flag);
  }
  out->Int(f.urgency_answered);
  out->Optional(f.term_months);
  out->Optional(f.discount_bps);
  out->Int(static_cast<int64_t>(f.stage_changes.size()));
  for (const StageChange& change : f.stage_changes) {
    out->Time(change.time);
    out->Text(change.stage_id);
    out->Int(static_cast<int64_t>(change.role));
    out->Int(change.position);
  }
  out->Int(static_cast<int64_t>(f.amount_changes.size()));
  for (const AmountChange& change : f.amount_changes) {
    out->Time(change.time);
    out->Amount(change.amount);
  }
  out->Int(static_cast<int64_t>(f.close_date_changes.size()));
  for (const CloseDateChange& change : f.close_date_changes) {
    out->Time(change.time);
    out->Day(change.day);
  }
  out->Int(static_cast<int64_t>(f.buying_group.size()));
  for (const BuyingGroupMember& member : f.buying_group) {
    out->Text(contacts.Text(static_cast<uint32_t>(member.contact)));
    out->Int(member.role);
    out->Int(member.since == absl::InfinitePast());
    if (member.since != absl::InfinitePast()) out->Time(member.since);
  }
}

template <class Row>
std::string_view TextOrNone(const Names& names, Row row) {
  return IsRow(row) ? names.Text(static_cast<uint32_t>(row)) : std::string_view();
}

void Write(const EventBlock& block, const NameSet& names, HashWriter* out) {
  out->Int(block.sorted_count());
  uint32_t index = 0;
  for (const EngagementEvent& event : block.sorted()) {
    out->Int(static_cast<int64_t>(block.key(index++)));
    out->Int(event.time_s);
    out->Int(event.type | event.direction << 8 | int64_t{event.count} << 16);
    out->Text(TextOrNone(names.contacts, event.contact));
    const TouchDetails details = DetailsOf(event, names);
    for (const uint32_t symbol :
         {details.campaign, details.content, details.participant, details.channel}) {
      out->Text(symbol == kNoRow ? std::string_view() : names.symbols.Text(symbol));
    }
    out->Text(TextOrNone(names.opportunities, event.opportunity));
  }
}

// Engagements of all accounts or visitors, recorded or not, by rising id.
void WriteEngagements(const Table<EventChunk>& events, const Names& ids, const NameSet& names,
                      HashWriter* out) {
  std::vector<std::pair<std::string_view, const EventBlock*>> blocks;
  for (uint32_t row = 0; row < events.row_count(); ++row) {
    const Ref<EventBlock>& block = events.chunk(row).blocks[events.slot(row)];
    if (block) blocks.emplace_back(ids.Text(row), block.get());
  }
  std::sort(blocks.begin(), blocks.end());
  out->Int(static_cast<int64_t>(blocks.size()));
  for (const auto& [id, block] : blocks) {
    out->Text(id);
    Write(*block, names, out);
  }
}

// Messages without their output-only fields.
template <class Message>
void Write(const MessageList<Message>& messages, HashWriter* out,
           Message* (records::v1::Record::*payload)()) {
  out->Int(static_cast<int64_t>(messages.size()));
  records::v1::Record record;
  for (const auto& message : messages) {
    *(record.*payload)() = *message;
    out->Text(record::CanonicalBody(record));
  }
}

}  // namespace

std::string BookView::ContentHash() const {
  HashWriter out;
  Write(settings(), &out);
  for (const AccountRow row : accounts_by_id()) Write(account(row), &out);
  out.Int(-1);
  for (const ContactRow row : contacts_by_id()) Write(contact(row), &out);
  out.Int(-1);
  for (const OpportunityRow row : opportunities_by_id()) {
    Write(opportunity(row), data_->names->contacts, &out);
  }
  out.Int(-1);
  WriteEngagements(data_->tables.events, data_->names->accounts, *data_->names, &out);
  WriteEngagements(data_->tables.visitors, data_->names->visitors, *data_->names, &out);
  out.Int(data_->accountless.count);
  out.Int(static_cast<int64_t>(data_->accountless.sum));
  out.Int(static_cast<int64_t>(data_->accountless.sum_of_folds));
#define GTM_X(Name, field, plural, Type) \
  Write(*data_->messages.field, &out, &records::v1::Record::mutable_##field);
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
  return out.Finish();
}

}  // namespace gtm::book
