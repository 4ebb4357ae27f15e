// Messages to bytes. The format is in record_fields.h.

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "common/book/record_codec.h"
#include "common/book/record_fields.h"

namespace gtm::book {
namespace {

using Label = std::pair<std::string_view, std::string_view>;
using Number = std::pair<std::string_view, double>;

constexpr int64_t kMicrosPerNano = 1'000;

std::optional<Money> MoneyOf(const type::v1::Money& message) {
  const auto currency = Currency::Parse(message.currency_code());
  if (!currency.ok()) return std::nullopt;
  int64_t micros = 0;
  if (__builtin_mul_overflow(message.units(), kMicrosPerUnit, &micros) ||
      __builtin_add_overflow(micros, message.nanos() / kMicrosPerNano, &micros)) {
    return std::nullopt;
  }
  return Money{micros, *currency};
}

absl::CivilDay DayOf(const type::v1::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day());
}

int64_t DayNumber(const type::v1::Date& date) { return DayOf(date) - absl::CivilDay(); }

// Collects fields by rising bit.
template <class Field>
class FieldWriter {
 public:
  FieldWriter(std::string* out, Names* symbols) : out_(out), symbols_(symbols) { out->clear(); }
  uint32_t mask() const { return mask_; }

  void Flag(Field field, bool value) {
    if (value) Mark(field);
  }
  void Text(Field field, std::string_view text) {
    if (text.empty()) return;
    Mark(field);
    fields::PutVarint(out_, text.size());
    out_->append(text);
  }
  void Symbol(Field field, std::string_view text) {
    if (!text.empty()) Row(field, symbols_->Add(text));
  }
  void Row(Field field, uint32_t row) {
    Mark(field);
    fields::PutVarint(out_, row);
  }
  void Int(Field field, bool present, int64_t value) {
    if (!present) return;
    Mark(field);
    fields::PutVarint(out_, fields::Zigzag(value));
  }
  void Amount(Field micros, Field currency, bool present, const type::v1::Money& message) {
    if (!present) return;
    const std::optional<Money> money = MoneyOf(message);
    if (!money.has_value()) return;
    Int(micros, true, money->micros);
    Symbol(currency, money->currency.code());
  }

 private:
  void Mark(Field field) { mask_ |= 1u << static_cast<int>(field); }
  std::string* out_;
  Names* symbols_;
  uint32_t mask_ = 0;
};

// Puts arrays, mask and fields together.
class RecordWriter {
 public:
  explicit RecordWriter(std::string* bytes) : bytes_(bytes) {
    bytes->assign(sizeof(fields::ArrayLengths), '\0');
  }
  template <class Array, class T>
  void Add(Array array, const std::vector<T>& items) {
    static_assert(sizeof(T) % 8 == 0 && alignof(T) <= 8);
    const size_t count = std::min<size_t>(items.size(), UINT16_MAX);
    lengths_[static_cast<int>(array)] = static_cast<uint16_t>(count);
    bytes_->append(reinterpret_cast<const char*>(items.data()), count * sizeof(T));
  }
  EncodedRecord Finish(uint32_t mask, std::string_view field_bytes) {
    const bool aligned = bytes_->size() > sizeof(lengths_);
    if (aligned) {
      std::memcpy(bytes_->data(), lengths_.data(), sizeof(lengths_));
    } else {
      bytes_->clear();
    }
    fields::PutVarint(bytes_, mask);
    bytes_->append(field_bytes);
    return {aligned, *bytes_};
  }

 private:
  std::string* bytes_;
  fields::ArrayLengths lengths_{};
};

template <class Strings>
std::vector<std::string_view> Words(const Strings& strings, Names* symbols) {
  std::vector<std::string_view> words;
  words.reserve(strings.size());
  for (const std::string& text : strings) words.push_back(symbols->Text(symbols->Add(text)));
  return words;
}

template <class Message>
std::vector<Label> Labels(const Message& message, Names* symbols) {
  std::vector<Label> labels;
  labels.reserve(message.custom_labels().size());
  for (const auto& [key, value] : message.custom_labels()) {
    labels.emplace_back(symbols->Text(symbols->Add(key)), symbols->Text(symbols->Add(value)));
  }
  std::sort(labels.begin(), labels.end());
  return labels;
}

template <class Message>
std::vector<Number> Numbers(const Message& message, Names* symbols) {
  std::vector<Number> numbers;
  numbers.reserve(message.custom_numbers().size());
  for (const auto& [key, value] : message.custom_numbers()) {
    numbers.emplace_back(symbols->Text(symbols->Add(key)), value);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

template <class Change>
void SortByTime(std::vector<Change>* changes) {
  const auto before = [](const Change& a, const Change& b) { return a.time < b.time; };
  if (!std::is_sorted(changes->begin(), changes->end(), before)) {
    std::stable_sort(changes->begin(), changes->end(), before);
  }
}

std::vector<StageChange> Stages(const crm::v1::Opportunity& m, const StageTable& stages,
                                Names* symbols) {
  std::vector<StageChange> changes;
  changes.reserve(m.stage_changes_size());
  for (const auto& change : m.stage_changes()) {
    const std::string_view id = symbols->Text(symbols->Add(change.stage_id()));
    changes.push_back({TimeOf(change.change_time()), id, StageRole::kOpen, 0});
  }
  ResolveStages(stages, changes);
  SortByTime(&changes);
  return changes;
}

std::vector<AmountChange> Amounts(const crm::v1::Opportunity& m) {
  std::vector<AmountChange> changes;
  changes.reserve(m.amount_changes_size());
  for (const auto& change : m.amount_changes()) {
    const std::optional<Money> money = MoneyOf(change.amount());
    if (money.has_value()) changes.push_back({TimeOf(change.change_time()), *money});
  }
  SortByTime(&changes);
  return changes;
}

std::vector<CloseDateChange> CloseDates(const crm::v1::Opportunity& m) {
  std::vector<CloseDateChange> changes;
  changes.reserve(m.close_date_changes_size());
  for (const auto& change : m.close_date_changes()) {
    changes.push_back({TimeOf(change.change_time()), DayOf(change.close_date())});
  }
  SortByTime(&changes);
  return changes;
}

std::vector<BuyingGroupMember> BuyingGroup(const crm::v1::Opportunity& m, Names* contacts) {
  std::vector<BuyingGroupMember> members;
  members.reserve(m.buying_group_size());
  for (const auto& member : m.buying_group()) {
    members.push_back(
        {ContactRow{contacts->Add(member.contact_id())}, static_cast<BuyingRole>(member.role()),
         member.has_since_time() ? TimeOf(member.since_time()) : absl::InfinitePast()});
  }
  return members;
}

int64_t Flags(const crm::v1::Opportunity& m) {
  int64_t flags = 0;
  int shift = 0;
  const auto add = [&](bool known, bool value) {
    if (known) flags |= int64_t{1 + 2 * value} << shift;
    shift += 2;
  };
  const auto& c = m.conditions();
  add(m.has_self_sourced(), m.self_sourced());
  add(m.has_buyer_states_value(), m.buyer_states_value());
  add(c.has_budget(), c.budget());
  add(c.has_authority(), c.authority());
  add(c.has_confidence(), c.confidence());
  add(c.has_consensus(), c.consensus());
  add(c.has_urgent_need(), c.urgent_need());
  add(!m.urgency_answer().empty(), true);
  return flags;
}

}  // namespace

absl::Time TimeOf(const google::protobuf::Timestamp& stamp) {
  return absl::FromUnixSeconds(stamp.seconds()) + absl::Nanoseconds(stamp.nanos());
}

uint32_t DetailsOf(const crm::v1::Engagement& m, NameSet* names) {
  const auto symbol = [names](const std::string& text) {
    return text.empty() ? kNoRow : names->symbols.Add(text);
  };
  TouchDetails details;
  details.campaign = symbol(m.campaign_id());
  details.content = symbol(m.content_id());
  details.participant = symbol(m.participant_id());
  details.channel = symbol(m.channel());
  if (details == TouchDetails{}) return kNoRow;
  std::array<char, sizeof(TouchDetails)> bytes;
  std::memcpy(bytes.data(), &details, sizeof(details));
  return names->details.Add({bytes.data(), bytes.size()});
}

int ResolveStages(const StageTable& stages, std::span<StageChange> changes) {
  int unknown_count = 0;
  for (StageChange& change : changes) {
    const StageTable::Meaning* meaning = stages.Find(change.stage_id);
    unknown_count += meaning == nullptr;
    const StageTable::Meaning resolved = meaning == nullptr ? StageTable::Meaning{} : *meaning;
    change.role = resolved.role;
    change.position = resolved.position;
  }
  return unknown_count;
}

int CountUnknownStages(const StageTable& stages, std::span<const StageChange> changes) {
  return static_cast<int>(std::count_if(changes.begin(), changes.end(), [&](const auto& change) {
    return stages.Find(change.stage_id) == nullptr;
  }));
}

EncodedRecord RecordEncoder::Encode(const crm::v1::Account& m) {
  using F = fields::Account;
  FieldWriter<F> out(&fields_, &names_->symbols);
  out.Text(F::kDisplayName, m.display_name());
  out.Symbol(F::kIndustry, m.industry());
  out.Symbol(F::kCountry, m.country());
  out.Symbol(F::kRegion, m.region());
  out.Symbol(F::kSegment, m.segment());
  out.Symbol(F::kSource, m.source());
  if (!m.parent_account_id().empty()) {
    out.Row(F::kParent, names_->accounts.Add(m.parent_account_id()));
  }
  out.Symbol(F::kOwner, m.owner_seller_id());
  out.Int(F::kEmployeeCount, m.has_employee_count(), m.employee_count());
  out.Amount(F::kRevenueMicros, F::kRevenueCurrency, m.has_annual_revenue(), m.annual_revenue());
  out.Int(F::kRevenueGrowth, m.has_revenue_growth_bps(), m.revenue_growth_bps());
  out.Int(F::kFoundedYear, m.has_founded_year(), m.founded_year());
  out.Amount(F::kLifetimeMicros, F::kLifetimeCurrency, m.has_potential_lifetime_value(),
             m.potential_lifetime_value());
  out.Int(F::kMarketInfluence, m.has_market_influence(), m.market_influence());
  out.Int(F::kGrowthCapacity, m.has_growth_capacity(), m.growth_capacity());
  out.Int(F::kLeadershipDay, m.has_leadership_change_date(), DayNumber(m.leadership_change_date()));
  out.Int(F::kFirstSeenDay, m.has_first_seen_date(), DayNumber(m.first_seen_date()));
  out.Flag(F::kTechnologiesKnown, m.technologies_known());
  RecordWriter record(&bytes_);
  record.Add(fields::AccountArray::kTechnologies, Words(m.technologies(), &names_->symbols));
  record.Add(fields::AccountArray::kLabels, Labels(m, &names_->symbols));
  record.Add(fields::AccountArray::kNumbers, Numbers(m, &names_->symbols));
  return record.Finish(out.mask(), fields_);
}

EncodedRecord RecordEncoder::Encode(const crm::v1::Contact& m) {
  using F = fields::Contact;
  FieldWriter<F> out(&fields_, &names_->symbols);
  out.Text(F::kDisplayName, m.display_name());
  out.Text(F::kJobTitle, m.job_title());
  out.Symbol(F::kJobFunction, m.job_function());
  out.Int(F::kSeniority, m.has_seniority(), m.seniority());
  out.Int(F::kBuyingRole, m.buying_role() != 0, m.buying_role());
  out.Int(F::kMarketInfluence, m.has_market_influence(), m.market_influence());
  out.Int(F::kCommitment, m.has_commitment(), m.commitment());
  out.Symbol(F::kRegion, m.region());
  out.Symbol(F::kPersonality, m.personality());
  out.Symbol(F::kPreferredChannel, m.preferred_channel());
  out.Flag(F::kSponsorshipCandidate, m.sponsorship_candidate());
  out.Symbol(F::kNominatedBy, m.nominated_by_function());
  RecordWriter record(&bytes_);
  record.Add(fields::ContactArray::kInterests, Words(m.interests(), &names_->symbols));
  record.Add(fields::ContactArray::kLabels, Labels(m, &names_->symbols));
  record.Add(fields::ContactArray::kNumbers, Numbers(m, &names_->symbols));
  return record.Finish(out.mask(), fields_);
}

EncodedRecord RecordEncoder::Encode(const crm::v1::Opportunity& m, const StageTable& stages) {
  using F = fields::Opportunity;
  FieldWriter<F> out(&fields_, &names_->symbols);
  out.Text(F::kDisplayName, m.display_name());
  out.Symbol(F::kOwner, m.owner_seller_id());
  out.Symbol(F::kProduct, m.product());
  out.Symbol(F::kSegment, m.segment());
  out.Symbol(F::kSource, m.source());
  out.Symbol(F::kCampaign, m.campaign_id());
  out.Symbol(F::kLossReason, m.loss_reason());
  out.Symbol(F::kCompetitor, m.competitor());
  out.Int(F::kType, m.type() != 0, m.type());
  const int64_t flags = Flags(m);
  out.Int(F::kFlags, flags != 0, flags);
  out.Int(F::kTermMonths, m.has_term_months(), m.term_months());
  out.Int(F::kDiscountBps, m.has_discount_bps(), m.discount_bps());
  out.Int(F::kFirstRecorded, m.has_create_time(), m.create_time().seconds());
  using A = fields::OpportunityArray;
  RecordWriter record(&bytes_);
  record.Add(A::kStages, Stages(m, stages, &names_->symbols));
  record.Add(A::kAmounts, Amounts(m));
  record.Add(A::kCloseDates, CloseDates(m));
  record.Add(A::kBuyingGroup, BuyingGroup(m, &names_->contacts));
  return record.Finish(out.mask(), fields_);
}

}  // namespace gtm::book
