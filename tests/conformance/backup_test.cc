// Backup and restore (A23): whole, consistent, refused where damaged, and the same file for
// every engine.

#include "services/records/store/backup.h"

#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "absl/time/clock.h"
#include "services/records/store/backup_file.h"
#include "tests/conformance/engines.h"

namespace gtm::records::store {
namespace {

namespace fs = std::filesystem;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

class BackupTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    if (IsSkipped()) return;
    if (!deployment_->is_durable()) GTEST_SKIP() << "memory ends with its process";
    std::string folder = (fs::temp_directory_path() / "gtm-backup-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    file_ = folder_ + "/store.gtmbackup";
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }

  Result<BackupReport> Backup(const std::string& file) {
    GTM_ASSIGN_OR_RETURN(const auto driver, deployment_->OpenDriver(TestOptions()));
    return WriteBackup(*driver, file, kNow);
  }

  // A store of `engine` with what is in the file.
  Result<std::shared_ptr<Store>> Restore(const Engine& engine, const std::string& file) {
    auto& deployment = restored_.emplace_back(engine.deploy());
    StoreOptions options = TestOptions();
    GTM_ASSIGN_OR_RETURN(const auto driver, deployment->OpenDriver(options));
    GTM_RETURN_IF_ERROR(Migrate(*driver, options));
    GTM_ASSIGN_OR_RETURN(report_, RestoreBackup(file, *driver, "e2"));
    return deployment->Open(options);
  }

  // Two tenants with everything that a store can hold.
  void WriteAll() {
    MustWrite(tenant_, Request({Put("acme", "1"), Put("globex", std::string("\0\n2", 3))}, "r1"));
    MustWrite(tenant_, Request({Put("acme", "2"), Put("ann", "c", kContact)}, "r2"));
    MustWrite(tenant_, Request({Delete("globex")}));
    MustWrite(other_, Request({Put("acme", "of the south"), Put("größe", "")}, "r1"));
    EraseRequest erase;
    erase.request_id = "r3";
    erase.method = "ErasePerson";
    erase.rewrites = {{2, 1, "gone"}};
    ASSERT_OK(store_->Erase(tenant_, erase, kNow + 5));
    MustWrite(tenant_, Request({Put("big", std::string(3 << 20, 'x'))}), kNow + 6);
    ASSERT_OK(store_->Compact(tenant_, 2, 1000));
    MustWrite(tenant_, Request({Put("acme", "3")}, "r4"), kNow + 7);
  }

  std::string folder_;
  std::string file_;
  BackupReport report_;
  std::vector<std::unique_ptr<Deployment>> restored_;
};

TEST_P(BackupTest, RestoresEverythingIntoEveryEngine) {
  WriteAll();
  const auto written = Backup(file_);
  ASSERT_OK(written);
  EXPECT_EQ(written->tenant_count, 2);
  EXPECT_EQ(written->record_count, 5);
  EXPECT_EQ(written->request_count, 5);
  EXPECT_EQ(written->byte_count, static_cast<int64_t>(fs::file_size(file_)));
  const std::vector<Change> north = ReadAll(tenant_);
  const std::vector<Change> south = ReadAll(other_);
  const Head head = *store_->GetHead(tenant_);
  const std::string accounts = ListText(tenant_);
  for (const Engine& engine : Engines()) {
    if (engine.name == "memory") continue;
    SCOPED_TRACE(engine.name);
    auto restored = Restore(engine, file_);
    ASSERT_OK(restored);
    EXPECT_EQ(report_.digest, written->digest);
    store_ = *restored;
    EXPECT_EQ(*store_->GetHead(tenant_), (Head{"e2", head.seq, head.compacted_seq}));
    EXPECT_EQ(store_->GetHead(TenantId("new"))->epoch, "e2") << "of tenants to come";
    EXPECT_EQ(ReadAll(tenant_), north);
    EXPECT_EQ(ReadAll(other_), south);
    EXPECT_EQ(ListText(tenant_), accounts);
    EXPECT_EQ(ListText(tenant_, kContact), "ann=gone");
    // The index goes on where it was: equal bodies change nothing, requests are remembered,
    // versions count on, and times do not go back.
    EXPECT_TRUE(MustWrite(tenant_, Request({Put("acme", "3")})).outcomes[0].unchanged);
    EXPECT_TRUE(
        MustWrite(other_, Request({Put("acme", "of the south"), Put("größe", "")}, "r1")).replayed);
    const WriteOutcome next = MustWrite(tenant_, Request({At(Put("acme", "4"), head.seq)}), kNow);
    EXPECT_EQ(next.seq, head.seq + 1);
    EXPECT_EQ(next.outcomes[0].update_time_us, kNow + 7);
    ASSERT_OK(store_->Compact(tenant_, head.seq, 1000));
  }
}

TEST_P(BackupTest, OfARestoredStoreIsTheSameAgain) {
  WriteAll();
  ASSERT_OK(Backup(file_));
  ASSERT_OK(Restore(GetParam(), file_));
  const auto driver = restored_.back()->OpenDriver(TestOptions());
  ASSERT_OK(driver);
  ASSERT_OK(WriteBackup(**driver, file_ + "2", kNow));
  // Equal but for the epoch.
  std::string again = ReadFile(file_ + "2");
  const std::string first = ReadFile(file_);
  ASSERT_EQ(first.size(), again.size());
  EXPECT_NE(first, again);
  const auto one = VerifyBackup(file_);
  const auto two = VerifyBackup(file_ + "2");
  ASSERT_OK(one);
  ASSERT_OK(two);
  EXPECT_EQ(one->change_count, two->change_count);
  EXPECT_EQ(one->record_count, two->record_count);
}

TEST_P(BackupTest, OfAnEmptyStoreIsEmpty) {
  ASSERT_OK(Backup(file_));
  auto restored = Restore(GetParam(), file_);
  ASSERT_OK(restored);
  EXPECT_EQ(report_.tenant_count, 0);
  EXPECT_EQ((*restored)->GetHead(tenant_)->epoch, "e2");
}

// A23: what a backup holds is the state of one moment, though eight write.
TEST_P(BackupTest, OnlineUnderEightWritersIsAConsistentPrefix) {
  constexpr int kWriters = 8;
  constexpr int kBackups = 4;
  const std::vector<TenantId> tenants = {tenant_, other_, TenantId("west")};
  std::atomic<bool> stop = false;
  std::atomic<int> failure_count = 0;
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      auto store = Open();
      for (int i = 0; !stop; ++i) {
        std::vector<Mutation> mutations;
        for (int m = 0; m <= i % 3; ++m) {
          mutations.push_back(Put("id" + std::to_string((i * 7 + m * 5 + w) % 40),
                                  std::to_string(w) + "/" + std::to_string(i)));
        }
        const WriteRequest request =
            Request(std::move(mutations), "w" + std::to_string(w) + "-" + std::to_string(i));
        const auto results =
            store->Write(tenants[static_cast<size_t>(i) % 3], std::span(&request, 1), kNow + i);
        if (!results.ok() || !results->front().ok()) ++failure_count;
      }
    });
  }
  std::vector<int64_t> head_before;
  for (int b = 0; b < kBackups; ++b) {
    absl::SleepFor(absl::Milliseconds(150));
    head_before.push_back(store_->GetHead(tenant_)->seq);
    EXPECT_TRUE(Backup(file_ + std::to_string(b)).ok());
  }
  stop = true;
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failure_count, 0);

  std::map<std::string, std::vector<Change>> logs;
  for (const TenantId& tenant : tenants) logs[tenant.value()] = ReadAll(tenant);
  int64_t last_seq = 0;
  for (int b = 0; b < kBackups; ++b) {
    // Back and forth between engines: this one, then another.
    const Engine& engine = b % 2 == 0 ? GetParam() : Engines()[1 + static_cast<size_t>(b / 2) % 2];
    auto restored = Restore(engine, file_ + std::to_string(b));
    ASSERT_OK(restored);
    store_ = *restored;
    for (const TenantId& tenant : tenants) {
      const int64_t seq = store_->GetHead(tenant)->seq;
      std::vector<Change> prefix;
      std::map<std::string, std::string> fold;
      for (const Change& change : logs[tenant.value()]) {
        if (change.seq > seq) break;
        prefix.push_back(change);
        fold[change.key.id] = change.body;
      }
      EXPECT_EQ(ReadAll(tenant), prefix);
      std::string text;
      for (const auto& [id, body] : fold) text += (text.empty() ? "" : " ") + id + "=" + body;
      EXPECT_EQ(ListText(tenant), text);
    }
    const int64_t seq = store_->GetHead(tenant_)->seq;
    EXPECT_GE(seq, head_before[static_cast<size_t>(b)]);
    EXPECT_GE(seq, last_seq);
    last_seq = seq;
  }
  EXPECT_GT(last_seq, 10);
}

TEST_P(BackupTest, WhatIsCutOrAlteredIsRefusedAndChangesNothing) {
  WriteAll();
  ASSERT_OK(Backup(file_));
  const std::string whole = ReadFile(file_);
  auto deployment = GetParam().deploy();
  const StoreOptions options = TestOptions();
  const auto driver = deployment->OpenDriver(options);
  ASSERT_OK(driver);
  ASSERT_OK(Migrate(**driver, options));
  const auto expect_refused = [&](const std::string& bytes, const std::string& what) {
    WriteFile(file_, bytes);
    EXPECT_FALSE(VerifyBackup(file_).ok()) << what;
    EXPECT_FALSE(RestoreBackup(file_, **driver, "e9").ok()) << what;
  };
  for (const size_t size : {size_t{0}, size_t{5}, size_t{8}, size_t{40}, whole.size() / 2,
                            whole.size() - 45, whole.size() - 1}) {
    expect_refused(whole.substr(0, size), "cut at " + std::to_string(size));
  }
  for (size_t at = 0; at < whole.size(); at += whole.size() / 37) {
    std::string altered = whole;
    altered[at] = static_cast<char>(altered[at] ^ 0x10);
    expect_refused(altered, "altered at " + std::to_string(at));
  }
  expect_refused(whole + "x", "more at its end");
  expect_refused(whole + whole, "twice");
  // A second frame, with a good checksum, missing: the trailer tells.
  const size_t header_end = kBackupMagic.size() + 5 + static_cast<uint8_t>(whole[9]) + 8;
  const size_t heads_end = header_end + 5 + static_cast<uint8_t>(whole[header_end + 1]) + 8;
  ASSERT_LT(heads_end, whole.size());
  expect_refused(whole.substr(0, header_end) + whole.substr(heads_end), "without heads");
  auto store = deployment->Open(options);
  ASSERT_OK(store);
  EXPECT_EQ(*(*store)->GetHead(tenant_), (Head{kEpoch, 0, 0})) << "nothing of it stays";
  WriteFile(file_, whole);
  ASSERT_OK(RestoreBackup(file_, **driver, "e3"));
}

TEST_P(BackupTest, AStoreThatIsNotEmptyIsRefused) {
  WriteAll();
  ASSERT_OK(Backup(file_));
  const auto driver = deployment_->OpenDriver(TestOptions());
  ASSERT_OK(driver);
  const auto refused = RestoreBackup(file_, **driver, "e2");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason(), Reason::WRONG_STATE);
  EXPECT_NE(refused.error().message().find("north"), std::string::npos);
  EXPECT_EQ(store_->GetHead(tenant_)->epoch, kEpoch);
}

TEST_P(BackupTest, TakesItsPlaceWholeOrNotAtAll) {
  WriteAll();
  WriteFile(file_, "the backup of yesterday");
  {
    const auto writer = BackupWriter::Create(file_);
    ASSERT_OK(writer);
    ASSERT_OK((*writer)->Add(kHeaderFrame, "half"));
    EXPECT_FALSE(BackupWriter::Create(file_).ok()) << "one at a time";
  }
  EXPECT_EQ(ReadFile(file_), "the backup of yesterday");
  EXPECT_FALSE(fs::exists(file_ + ".part"));
  ASSERT_OK(Backup(file_));
  EXPECT_TRUE(VerifyBackup(file_).ok());
  EXPECT_EQ(fs::status(file_).permissions() & fs::perms::all,
            fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_REASON(Backup(folder_ + "/no/such/folder"), Reason::INVALID_FIELDS);
}

TEST_P(BackupTest, RemembersWhenJobsSucceeded) {
  EXPECT_TRUE(store_->JobTimes()->empty());
  ASSERT_OK(store_->RecordJob(kBackupJob, 5));
  ASSERT_OK(store_->RecordJob("other", 6));
  ASSERT_OK(store_->RecordJob(kBackupJob, 7));
  EXPECT_EQ(*Open()->JobTimes(), (std::map<std::string, int64_t>{{"backup", 7}, {"other", 6}}));
}

GTM_FOR_ALL_ENGINES(BackupTest);

}  // namespace
}  // namespace gtm::records::store
