#pragma once
// Tenant settings as the Book uses them.

#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "common/book/book.h"
#include "gtm/crm/v1/settings.pb.h"

namespace gtm::book {

// Fills in the defaults of TenantSettings; what is not valid counts as not set.
Settings DecodeSettings(const crm::v1::TenantSettings& message);

// Stage ids to what they mean.
class StageTable {
 public:
  struct Meaning {
    StageRole role = StageRole::kOpen;
    int32_t position = 0;
    friend bool operator==(const Meaning&, const Meaning&) = default;
  };
  explicit StageTable(const Settings& settings);
  // Null where the settings do not know the stage.
  const Meaning* Find(std::string_view stage_id) const;
  friend bool operator==(const StageTable&, const StageTable&) = default;

 private:
  absl::flat_hash_map<std::string, Meaning> meanings_;
};

}  // namespace gtm::book
