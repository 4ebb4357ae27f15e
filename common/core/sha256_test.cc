#include "common/core/sha256.h"

#include "gtest/gtest.h"

namespace gtm {
namespace {

// The examples of FIPS 180-4.
TEST(Sha256, AgreesWithFips) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, TextsAreDelimited) {
  EXPECT_NE(Sha256().UpdateText("ab").UpdateText("c").HexDigest(),
            Sha256().UpdateText("a").UpdateText("bc").HexDigest());
  EXPECT_EQ(Sha256().Update("ab").Update("c").HexDigest(), Sha256Hex("abc"));
}

TEST(Sha256, CopiesGoOnFromTheSameBytes) {
  Sha256 beginning;
  beginning.Update("ab");
  Sha256 copy = beginning;
  EXPECT_EQ(copy.Update("c").HexDigest(), Sha256Hex("abc"));
  EXPECT_EQ(beginning.Update("d").HexDigest(), Sha256Hex("abd"));
}

}  // namespace
}  // namespace gtm
