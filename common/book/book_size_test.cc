// The budget of DESIGN 4: an account with 5 contacts, 40 engagements and 1 opportunity
// takes at most 2 KiB, counted by the Book and seen by the operating system.

#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "common/book/book.h"
#include "common/testing/record_builders.h"

namespace gtm::book {
namespace {

using namespace gtm::test;  // NOLINT: builders read as words

constexpr int kAccounts = 20'000;
constexpr int kContactsEach = 5;
constexpr int kEngagementsEach = 40;
constexpr int64_t kBudgetBytes = 2'048;
// Sanitizers keep memory of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsOurs = false;
#else
constexpr bool kMemoryIsOurs = true;
#endif

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total_pages = 0, resident_pages = 0;
  file >> total_pages >> resident_pages;
  return resident_pages * sysconf(_SC_PAGESIZE);
}

// Ids and texts as long as those of a CRM.
std::string AccountId(int i) { return fmt::format("001A{:011}", i); }
std::string ContactId(int i) { return fmt::format("003C{:011}", i); }
std::string OpportunityId(int i) { return fmt::format("006O{:011}", i); }

records::v1::Record AnAccount(int i) {
  return Account(AccountId(i)).Set([i](auto& a) {
    a.set_display_name(fmt::format("Example Industries {}", i));
    a.set_industry(fmt::format("industry {}", i % 30));
    a.set_country(fmt::format("country {}", i % 60));
    a.set_region(i % 2 == 0 ? "north" : "south");
    a.set_segment(i % 3 == 0 ? "enterprise" : "mid-market");
    a.set_source("inbound");
    a.set_owner_seller_id(fmt::format("seller-{}", i % 200));
    a.set_employee_count(100 + i);
    *a.mutable_annual_revenue() = MoneyOf(1'000'000 + i);
    a.set_founded_year(1990);
    *a.mutable_first_seen_date() = Date("2024-05-06");
  });
}

records::v1::Record AContact(int i) {
  return Contact(ContactId(i), AccountId(i / kContactsEach)).Set([i](auto& c) {
    c.set_display_name(fmt::format("Ada Nr{}", i));
    c.set_email(fmt::format("ada.{}@example.com", i));
    c.set_job_title("Director of Finance");
    c.set_job_function("finance");
    c.set_seniority(4);
    c.set_buying_role(crm::v1::BUYING_ROLE_CHAMPION);
  });
}

records::v1::Record AnOpportunity(int i) {
  return Opportunity(OpportunityId(i), AccountId(i))
      .Stage("2026-01-05", "stage_zero")
      .Stage("2026-01-20", "open")
      .Stage("2026-03-05", "contract")
      .Amount("2026-01-20", 10'000)
      .Amount("2026-02-20", 12'000)
      .Close("2026-01-20", "2026-03-31")
      .Member(ContactId(i * kContactsEach))
      .Member(ContactId(i * kContactsEach + 1))
      .Owner(fmt::format("seller-{}", i % 200))
      .Set([i](auto& o) {
        o.set_display_name(fmt::format("Example {} renewal", i));
        o.set_product("platform");
        o.set_source("inbound");
      });
}

// Engagements come by rising id, in no order of accounts or times.
records::v1::Record AnEngagement(int64_t i) {
  const auto mixed = static_cast<uint64_t>(i) * 2'654'435'761u % (kAccounts * kEngagementsEach);
  const int account = static_cast<int>(mixed / kEngagementsEach);
  records::v1::Record record;
  auto* e = record.mutable_engagement();
  e->set_id(fmt::format("00T{:012}", i));
  e->set_account_id(AccountId(account));
  e->set_contact_id(ContactId(account * kContactsEach + static_cast<int>(i % kContactsEach)));
  if (i % 4 == 0) e->set_opportunity_id(OpportunityId(account));
  if (i % 8 == 0) e->set_campaign_id(fmt::format("campaign-{}", i % 50));
  if (i % 5 == 1) e->set_content_id(fmt::format("content-{}", i % 300));
  if (i % 8 == 3) e->set_participant_id(fmt::format("seller-{}", account % 200));
  e->set_channel(i % 2 == 0 ? "email" : "web");
  e->mutable_occur_time()->set_seconds(1'767'225'600 +
                                       static_cast<int64_t>(mixed * 97 % 15'000'000));
  e->set_type(crm::v1::Engagement::TYPE_EMAIL);
  e->set_direction(crm::v1::Engagement::DIRECTION_INBOUND);
  return record;
}

class Loader {
 public:
  explicit Loader(Book* book) : book_(*book) {}
  template <class Make>
  void Load(int64_t count, Make make) {
    for (int64_t i = 0; i < count; ++i) {
      batch_.push_back({make(static_cast<int>(i)), false});
      if (batch_.size() == 1'000 || i + 1 == count) Flush();
    }
  }
  double records_per_second() const {
    return static_cast<double>(record_count_) / std::chrono::duration<double>(spent_).count();
  }

 private:
  void Flush() {
    record_count_ += batch_.size();
    const auto start = std::chrono::steady_clock::now();
    book_.Apply(std::exchange(batch_, {}), "e", 1);
    spent_ += std::chrono::steady_clock::now() - start;
  }
  Book& book_;
  std::vector<Book::Change> batch_;
  size_t record_count_ = 0;
  std::chrono::steady_clock::duration spent_{};
};

TEST(BookSize, AnAccountWithAllThatBelongsToItTakesTwoKibibytes) {
  malloc_trim(0);  // what other tests left behind
  const int64_t before = ResidentBytes();
  Book book;
  Loader loader(&book);
  loader.Load(kAccounts, AnAccount);
  loader.Load(kAccounts * kContactsEach, AContact);
  loader.Load(kAccounts, AnOpportunity);
  loader.Load(int64_t{kAccounts} * kEngagementsEach, AnEngagement);
  const auto start = std::chrono::steady_clock::now();
  const BookView view = book.View();
  const auto first_view = std::chrono::steady_clock::now() - start;
  malloc_trim(0);
  const int64_t resident = (ResidentBytes() - before) / kAccounts;
  const int64_t counted = book.memory_bytes() / kAccounts;
  // For people; time is not asserted.
  fmt::print("counted {} B, resident {} B an account; {:.0f} records/s; first view {} ms\n",
             counted, resident, loader.records_per_second(),
             std::chrono::duration_cast<std::chrono::milliseconds>(first_view).count());
  EXPECT_EQ(view.engagement_count(), int64_t{kAccounts} * kEngagementsEach);
  EXPECT_EQ(view.unattached_engagement_count(), 0);
  EXPECT_LE(counted, kBudgetBytes);
  // The allocator's own share is on top.
  if (kMemoryIsOurs) {
    EXPECT_LE(resident, kBudgetBytes * 11 / 10);
  }
}

TEST(BookSize, AViewAfterOneChangeCopiesLittle) {
  Book book;
  Loader(&book).Load(kAccounts, AnAccount);
  const BookView pinned = book.View();
  const int64_t bytes = book.memory_bytes();
  const auto start = std::chrono::steady_clock::now();
  constexpr int kChanges = 1'000;
  for (int i = 0; i < kChanges; ++i) {
    book.Apply({{AnEngagement(i), false}}, "e", 2 + i);
    EXPECT_EQ(book.View().engagement_count(), i + 1);
  }
  fmt::print("{} us from a change to its view\n",
             std::chrono::duration_cast<std::chrono::microseconds>(
                 std::chrono::steady_clock::now() - start)
                     .count() /
                 kChanges);
  EXPECT_EQ(pinned.engagement_count(), 0);
  EXPECT_LE(book.memory_bytes() - bytes, int64_t{kChanges} * 1'024);
}

}  // namespace
}  // namespace gtm::book
