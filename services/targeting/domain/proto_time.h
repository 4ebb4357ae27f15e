#pragma once
// Between google.protobuf.Timestamp and absl::Time, to the nanosecond.

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace gtm::targeting::domain {

inline absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

inline void SetTime(absl::Time time, google::protobuf::Timestamp* out) {
  const int64_t seconds = absl::ToUnixSeconds(time);
  out->set_seconds(seconds);
  out->set_nanos(
      static_cast<int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

}  // namespace gtm::targeting::domain
