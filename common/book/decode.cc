// Bytes to facts. The format is in record_fields.h.

#include "common/book/record_codec.h"
#include "common/book/record_fields.h"

namespace gtm::book {
namespace {

// absl::CivilDay() + days, several times as fast: years of 400 begin in March, so that the
// leap day is their last (H. Hinnant, chrono-compatible low-level date algorithms, 2021).
absl::CivilDay DayOf(int64_t days) {
  constexpr int64_t kEraDays = 146'097;
  days += 719'468;  // from 0000-03-01
  const int64_t era = (days >= 0 ? days : days - kEraDays + 1) / kEraDays;
  const int64_t day_of_era = days - era * kEraDays;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return absl::CivilDay(year_of_era + era * 400 + (month <= 2 ? 1 : 0), month, day);
}

// Reads arrays in the order in which they lie.
class ArrayReader {
 public:
  explicit ArrayReader(const EncodedRecord& record) : at_(record.bytes.data()) {
    if (!record.aligned) return;
    std::memcpy(lengths_.data(), at_, sizeof(lengths_));
    at_ += sizeof(lengths_);
  }
  template <class Array, class T>
  void Next(Array array, std::span<const T>* out) {
    const size_t count = lengths_[static_cast<int>(array)];
    *out = {reinterpret_cast<const T*>(at_), count};
    if (count == 0) *out = {};
    at_ += count * sizeof(T);
  }
  const char* end() const { return at_; }

 private:
  const char* at_;
  fields::ArrayLengths lengths_{};
};

// Reads fields by rising bit.
template <class Field>
class FieldReader {
 public:
  FieldReader(const char* at, const Names& symbols) : at_(at), symbols_(symbols) {
    mask_ = static_cast<uint32_t>(Varint());
  }
  bool Has(Field field) const { return (mask_ >> static_cast<int>(field)) & 1u; }
  void Text(Field field, std::string_view* out) {
    if (!Has(field)) return;
    const uint64_t size = Varint();
    *out = {at_, size};
    at_ += size;
  }
  void Symbol(Field field, std::string_view* out) {
    if (Has(field)) *out = symbols_.Text(static_cast<uint32_t>(Varint()));
  }
  uint32_t Row(Field field) { return Has(field) ? static_cast<uint32_t>(Varint()) : kNoRow; }
  template <class T>
  void Int(Field field, std::optional<T>* out) {
    if (Has(field)) *out = static_cast<T>(fields::Unzigzag(Varint()));
  }
  int64_t IntOrZero(Field field) { return Has(field) ? fields::Unzigzag(Varint()) : 0; }
  void Day(Field field, std::optional<absl::CivilDay>* out) {
    if (Has(field)) *out = DayOf(fields::Unzigzag(Varint()));
  }
  void Amount(Field micros, Field currency, std::optional<Money>* out) {
    if (!Has(micros)) return;
    const int64_t value = IntOrZero(micros);
    std::string_view code;
    Symbol(currency, &code);
    *out = Money{value, Currency::Of(code)};
  }

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(*at_++);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  }
  const char* at_;
  const Names& symbols_;
  uint32_t mask_;
};

void Unpack(int64_t* flags, std::optional<bool>* out) {
  if ((*flags & 1) != 0) *out = (*flags & 2) != 0;
  *flags >>= 2;
}

}  // namespace

TouchDetails DetailsOf(const EngagementEvent& event, const NameSet& names) {
  TouchDetails details;
  if (event.details == kNoRow) return details;
  const std::string_view bytes = names.details.Text(event.details);
  std::memcpy(&details, bytes.data(), sizeof(details));
  return details;
}

std::span<const StageChange> DecodeStages(const EncodedRecord& opportunity) {
  std::span<const StageChange> stages;
  ArrayReader(opportunity).Next(fields::OpportunityArray::kStages, &stages);
  return stages;
}

void Decode(const EncodedRecord& record, const NameSet& names, AccountFacts* facts) {
  using F = fields::Account;
  using A = fields::AccountArray;
  ArrayReader arrays(record);
  arrays.Next(A::kTechnologies, &facts->technologies);
  arrays.Next(A::kLabels, &facts->custom_labels);
  arrays.Next(A::kNumbers, &facts->custom_numbers);
  FieldReader<F> in(arrays.end(), names.symbols);
  in.Text(F::kDisplayName, &facts->display_name);
  in.Symbol(F::kIndustry, &facts->industry);
  in.Symbol(F::kCountry, &facts->country);
  in.Symbol(F::kRegion, &facts->region);
  in.Symbol(F::kSegment, &facts->segment);
  in.Symbol(F::kSource, &facts->source);
  const uint32_t parent = in.Row(F::kParent);
  if (parent != kNoRow) facts->parent_account_id = names.accounts.Text(parent);
  in.Symbol(F::kOwner, &facts->owner_seller_id);
  in.Int(F::kEmployeeCount, &facts->employee_count);
  in.Amount(F::kRevenueMicros, F::kRevenueCurrency, &facts->annual_revenue);
  in.Int(F::kRevenueGrowth, &facts->revenue_growth_bps);
  in.Int(F::kFoundedYear, &facts->founded_year);
  in.Amount(F::kLifetimeMicros, F::kLifetimeCurrency, &facts->potential_lifetime_value);
  in.Int(F::kMarketInfluence, &facts->market_influence);
  in.Int(F::kGrowthCapacity, &facts->growth_capacity);
  in.Day(F::kLeadershipDay, &facts->leadership_change_day);
  in.Day(F::kFirstSeenDay, &facts->first_seen_day);
  facts->technologies_known = in.Has(F::kTechnologiesKnown);
}

void Decode(const EncodedRecord& record, const NameSet& names, ContactFacts* facts) {
  using F = fields::Contact;
  using A = fields::ContactArray;
  ArrayReader arrays(record);
  arrays.Next(A::kInterests, &facts->interests);
  arrays.Next(A::kLabels, &facts->custom_labels);
  arrays.Next(A::kNumbers, &facts->custom_numbers);
  FieldReader<F> in(arrays.end(), names.symbols);
  in.Text(F::kDisplayName, &facts->display_name);
  in.Text(F::kJobTitle, &facts->job_title);
  in.Symbol(F::kJobFunction, &facts->job_function);
  in.Int(F::kSeniority, &facts->seniority);
  facts->buying_role = static_cast<BuyingRole>(in.IntOrZero(F::kBuyingRole));
  in.Int(F::kMarketInfluence, &facts->market_influence);
  in.Int(F::kCommitment, &facts->commitment);
  in.Symbol(F::kRegion, &facts->region);
  in.Symbol(F::kPersonality, &facts->personality);
  in.Symbol(F::kPreferredChannel, &facts->preferred_channel);
  facts->sponsorship_candidate = in.Has(F::kSponsorshipCandidate);
  in.Symbol(F::kNominatedBy, &facts->nominated_by_function);
}

void Decode(const EncodedRecord& record, const NameSet& names, OpportunityFacts* facts) {
  using F = fields::Opportunity;
  using A = fields::OpportunityArray;
  ArrayReader arrays(record);
  arrays.Next(A::kStages, &facts->stage_changes);
  arrays.Next(A::kAmounts, &facts->amount_changes);
  arrays.Next(A::kCloseDates, &facts->close_date_changes);
  arrays.Next(A::kBuyingGroup, &facts->buying_group);
  FieldReader<F> in(arrays.end(), names.symbols);
  in.Text(F::kDisplayName, &facts->display_name);
  in.Symbol(F::kOwner, &facts->owner_seller_id);
  in.Symbol(F::kProduct, &facts->product);
  in.Symbol(F::kSegment, &facts->segment);
  in.Symbol(F::kSource, &facts->source);
  in.Symbol(F::kCampaign, &facts->campaign_id);
  in.Symbol(F::kLossReason, &facts->loss_reason);
  in.Symbol(F::kCompetitor, &facts->competitor);
  facts->type = static_cast<uint8_t>(in.IntOrZero(F::kType));
  int64_t flags = in.IntOrZero(F::kFlags);
  for (std::optional<bool>* flag :
       {&facts->self_sourced, &facts->buyer_states_value, &facts->has_budget, &facts->has_authority,
        &facts->has_confidence, &facts->has_consensus, &facts->has_urgent_need}) {
    Unpack(&flags, flag);
  }
  facts->urgency_answered = flags != 0;
  in.Int(F::kTermMonths, &facts->term_months);
  in.Int(F::kDiscountBps, &facts->discount_bps);
  if (in.Has(F::kFirstRecorded)) {
    facts->first_recorded_time = absl::FromUnixSeconds(in.IntOrZero(F::kFirstRecorded));
  }
}

}  // namespace gtm::book
