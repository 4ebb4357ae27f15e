// Random programs against a Book: however records arrive, it shows what they say.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "common/book/book.h"
#include "common/book/book_testing.h"

namespace gtm::book {
namespace {

constexpr int kPrograms = 40;
constexpr int kSteps = 400;

RecordMap::key_type KeyOf(const records::v1::Record& record) {
  return {record::KindOf(record), record::IdOf(record)};
}

// A random change of `records`; deletions are of records that exist.
Book::Change RandomChange(Random* random, RecordMap* records, int id_count = 12) {
  if (!records->empty() && random->Below(4) == 0) {
    auto victim = std::next(records->begin(), static_cast<long>(random->Below(records->size())));
    Book::Change change{victim->second, true};
    records->erase(victim);
    return change;
  }
  records::v1::Record record = RandomRecord(random, id_count);
  (*records)[KeyOf(record)] = record;
  return {std::move(record), false};
}

template <class T>
void Shuffle(Random* random, std::vector<T>* items) {
  for (size_t i = items->size(); i > 1; --i) std::swap((*items)[i - 1], (*items)[random->Below(i)]);
}

// A Book of these records, in random order and batches.
void Build(Random* random, const RecordMap& records, Book* book) {
  std::vector<Book::Change> changes;
  for (const auto& [key, record] : records) changes.push_back({record, false});
  Shuffle(random, &changes);
  while (!changes.empty()) {
    const size_t count = std::min<size_t>(changes.size(), 1 + random->Below(50));
    std::vector<Book::Change> batch(changes.end() - static_cast<long>(count), changes.end());
    changes.resize(changes.size() - count);
    book->Apply(std::move(batch), "e", 1);
    if (random->Below(5) == 0) book->View();
  }
}

// What scores read of one account.
std::string TextOf(const BookView& view, AccountRow row) {
  const AccountFacts facts = view.account(row);
  std::string text = std::string(facts.id) + '|' + std::string(facts.industry) + '|' +
                     std::to_string(facts.employee_count.value_or(-1)) + '|' +
                     std::string(facts.segment) + (view.is_live(row) ? " live" : " gone");
  for (const EngagementEvent& event : view.engagements_of(row)) {
    text += ' ' + std::to_string(absl::ToUnixSeconds(event.time())) + '/' +
            std::to_string(event.type) + '/' + std::to_string(event.count);
  }
  for (const ContactRow contact : view.contacts_of(row)) {
    text += " c" + std::to_string(static_cast<uint32_t>(contact));
  }
  return text;
}

TEST(BookProperty, TellsEveryAccountThatChangedSinceAnOlderView) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE(seed);
    Random random(static_cast<uint64_t>(seed) + 77);
    const int id_count = seed % 4 == 0 ? 1'500 : 12;
    RecordMap records;
    Book book;
    size_t told = 0, could = 0;
    BookView older = book.View();
    for (int step = 0; step < 60; ++step) {
      std::vector<Book::Change> batch;
      const uint64_t size = random.Below(4) == 0 ? 200 : 1 + random.Below(6);
      for (uint64_t i = 0; i < size; ++i) {
        batch.push_back(RandomChange(&random, &records, id_count));
      }
      book.Apply(std::move(batch), "e", step + 1);
      const BookView newer = book.View();
      const auto changed = newer.AccountsChangedSince(older);
      if (changed) {
        std::vector<bool> listed(newer.account_row_count(), false);
        for (const AccountRow row : *changed) listed[static_cast<uint32_t>(row)] = true;
        told += changed->size();
        could += newer.account_row_count();
        for (uint32_t r = 0; r < newer.account_row_count(); ++r) {
          const auto row = static_cast<AccountRow>(r);
          const bool is_new = r >= older.account_row_count();
          if (listed[r]) continue;
          ASSERT_FALSE(is_new);
          ASSERT_EQ(TextOf(older, row), TextOf(newer, row));
        }
      }
      if (random.Below(3) > 0) older = newer;  // or further back next time
    }
    EXPECT_LE(told, could);
    EXPECT_FALSE(Book().View().AccountsChangedSince(older).has_value());
  }
}

TEST(BookProperty, ShowsWhatTheRecordsSayHoweverTheyCame) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    SCOPED_TRACE(seed);
    Random random(static_cast<uint64_t>(seed));
    // Few ids: records are replaced and deleted. Many: tables have many chunks.
    const int id_count = seed % 4 == 0 ? 1'500 : 12;
    const int step_count = seed % 4 == 0 ? 8 * kSteps : kSteps;
    Book book;
    RecordMap records;
    for (int step = 1; step <= step_count; ++step) {
      std::vector<Book::Change> batch;
      for (uint64_t i = random.Below(4); i > 0; --i) {
        batch.push_back(RandomChange(&random, &records, id_count));
      }
      book.Apply(std::move(batch), "e", step);
      if (random.Below(static_cast<uint64_t>(step_count) / 20) == 0) {
        ASSERT_EQ(Show(book.View()), ShowRecords(records)) << "step " << step;
      }
    }
    ASSERT_EQ(Show(book.View()), ShowRecords(records));
    Book rebuilt;
    Build(&random, records, &rebuilt);
    ASSERT_EQ(Show(rebuilt.View()), ShowRecords(records));
    ASSERT_EQ(book.View().ContentHash(), rebuilt.View().ContentHash());
  }
}

TEST(BookProperty, HashTellsAnyDifference) {
  Random random(7);
  RecordMap records;
  for (int i = 0; i < 300; ++i) RandomChange(&random, &records);
  Book whole;
  Build(&random, records, &whole);
  for (const auto& [key, record] : records) {
    RecordMap fewer = records;
    fewer.erase(key);
    Book book;
    Build(&random, fewer, &book);
    EXPECT_NE(book.View().ContentHash(), whole.View().ContentHash()) << key.second;
  }
}

// A list that was read while records changed, then every change since its first page:
// what has been seen already does no harm.
TEST(BookProperty, ListAndWatchMayOverlap) {
  for (int seed = 0; seed < kPrograms; ++seed) {
    Random random(static_cast<uint64_t>(1'000 + seed));
    RecordMap records;
    for (int i = 0; i < 200; ++i) RandomChange(&random, &records);
    std::vector<Book::Change> log;
    Book book;
    for (const record::KindInfo& kind : record::Kinds()) {
      std::vector<Book::Change> page;
      for (const auto& [key, record] : records) {
        if (key.first == kind.kind) page.push_back({record, false});
      }
      book.Apply(std::move(page), "e", 1);
      for (int i = 0; i < 5; ++i) log.push_back(RandomChange(&random, &records));
    }
    book.Apply(std::move(log), "e", 2);
    ASSERT_EQ(Show(book.View()), ShowRecords(records)) << seed;
  }
}

TEST(BookProperty, PinnedViewsStayWhileAWriterApplies) {
  Book book;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    Random random(11);
    RecordMap records;
    for (int seq = 1; seq <= 20'000; ++seq) {
      book.Apply({RandomChange(&random, &records, 100)}, "e", seq);
    }
    done = true;
  });
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      int64_t last_seq = 0;
      while (!done) {
        const BookView view = book.View();
        EXPECT_GE(view.seq(), last_seq);
        last_seq = view.seq();
        const std::string before = Show(view);
        std::this_thread::yield();
        EXPECT_EQ(Show(view), before);
        view.FindAccount("a3");
      }
    });
  }
  writer.join();
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace gtm::book
