#pragma once
// Small helpers that fill messages; used by the generator only.

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/core/random.h"
#include "google/protobuf/timestamp.pb.h"
#include "gtm/type/v1/money.pb.h"
#include "gtm/type/v1/time.pb.h"

namespace gtm::demo {

inline void SetDate(gtm::type::v1::Date* date, absl::CivilDay day) {
  date->set_year(static_cast<int>(day.year()));
  date->set_month(day.month());
  date->set_day(day.day());
}

// `second_of_day` within the civil day, in UTC.
inline void SetTime(google::protobuf::Timestamp* time, absl::CivilDay day, int second_of_day) {
  time->set_seconds(absl::ToUnixSeconds(absl::FromCivil(day, absl::UTCTimeZone())) + second_of_day);
}

inline void SetUsd(gtm::type::v1::Money* money, int64_t units) {
  money->set_currency_code("USD");
  money->set_units(units);
}

// The seed of one of many independent streams.
inline uint64_t StreamSeed(uint64_t seed, uint64_t stream) {
  Random mix(seed * 0x9e3779b97f4a7c15ull + stream);
  return mix.Next();
}

inline absl::CivilDay QuarterStart(absl::CivilDay day) {
  return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
}

inline absl::CivilDay NextQuarter(absl::CivilDay day) {
  return absl::CivilDay(absl::CivilMonth(QuarterStart(day)) + 3);
}

}  // namespace gtm::demo
