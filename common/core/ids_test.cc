#include "common/core/ids.h"

#include <gtest/gtest.h>

namespace gtm {
namespace {

TEST(Ids, ValidIdIsPrintableUtf8OfAtMost128Bytes) {
  EXPECT_TRUE(IsValidId("Acme Corporation"));
  EXPECT_TRUE(IsValidId("Zürich-北"));
  EXPECT_TRUE(IsValidId(std::string(128, 'a')));
  EXPECT_FALSE(IsValidId(""));
  EXPECT_FALSE(IsValidId(std::string(129, 'a')));
  EXPECT_FALSE(IsValidId("a\nb"));
  EXPECT_FALSE(IsValidId("\xC0\x80"));      // overlong
  EXPECT_FALSE(IsValidId("\xED\xA0\x80"));  // surrogate
  EXPECT_FALSE(IsValidId("ab\xE2\x82"));    // truncated
}

TEST(Ids, UuidV7SortsByTimeAndIsWellFormed) {
  Random random(1);
  const std::string a = MakeUuidV7(absl::FromUnixMillis(1'700'000'000'000), random);
  const std::string b = MakeUuidV7(absl::FromUnixMillis(1'700'000'000'001), random);
  EXPECT_TRUE(IsUuid(a)) << a;
  EXPECT_EQ(a[14], '7');
  EXPECT_LT(a, b);
  EXPECT_FALSE(IsUuid("not-a-uuid"));
}

}  // namespace
}  // namespace gtm
