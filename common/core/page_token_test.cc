#include "common/core/page_token.h"

#include <gtest/gtest.h>

#include "common/core/limits.h"

namespace gtm {
namespace {

TEST(PageToken, ComesBackForTheSameArguments) {
  const std::string token = EncodePageToken("acme", "owner=ada");
  EXPECT_EQ(DecodePageToken(token, "owner=ada").value(), "acme");
  EXPECT_EQ(DecodePageToken("", "owner=ada").value(), "");
}

TEST(PageToken, IsRefusedForOtherArgumentsOrDamaged) {
  const std::string token = EncodePageToken("acme", "owner=ada");
  for (const auto& [text, arguments] : {std::pair<std::string, std::string>{token, "owner=bob"},
                                        {"***", "owner=ada"},
                                        {"YQ", "owner=ada"},
                                        {std::string(2'000, 'a'), "owner=ada"}}) {
    const auto decoded = DecodePageToken(text, arguments);
    ASSERT_FALSE(decoded.ok()) << text;
    EXPECT_EQ(decoded.error().reason(), Reason::PAGE_TOKEN_INVALID);
  }
}

TEST(PageSizeOf, CoercesAndRefuses) {
  EXPECT_EQ(PageSizeOf(0).value(), limits::kListPageDefault);
  EXPECT_EQ(PageSizeOf(7).value(), 7);
  EXPECT_EQ(PageSizeOf(1'000'000).value(), limits::kListPageMax);
  EXPECT_EQ(PageSizeOf(-1).error().reason(), Reason::INVALID_FIELDS);
}

}  // namespace
}  // namespace gtm
