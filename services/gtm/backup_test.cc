#include "services/gtm/backup.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "services/records/store/store.h"

namespace gtm {
namespace {

namespace fs = std::filesystem;
using Command = int (*)(const cli::ServeOptions&, const cli::Console&);

class BackupCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (fs::temp_directory_path() / "gtm-backup-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = folder;
    auto store = records::store::OpenSqlite(File("records.db"));
    ASSERT_TRUE(store.ok());
    records::store::WriteRequest request;
    request.mutations.resize(1);
    request.mutations[0].key = {11, "acme"};
    request.mutations[0].body = "1";
    ASSERT_TRUE((*store)->Write(TenantId("north"), std::span(&request, 1), 1).ok());
    store_ = *std::move(store);  // in use, as a server's
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  std::string File(const std::string& name) const { return folder_ + "/" + name; }
  int Run(Command command, std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    cli::Console console;
    console.out = &out_;
    console.err = &err_;
    return command({std::move(arguments)}, console);
  }
  int MakeBackup() {
    return Run(Backup, {"--store", "sqlite:" + File("records.db"), "--to", File("b"), "--verify"});
  }

  std::string folder_;
  std::unique_ptr<records::store::Store> store_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(BackupCommand, BacksUpAStoreInUseAndNotesWhen) {
  EXPECT_TRUE(store_->JobTimes()->empty());
  EXPECT_EQ(MakeBackup(), 0) << err_.str();
  EXPECT_NE(out_.str().find("tenants 1, records 1, changes 1"), std::string::npos) << out_.str();
  EXPECT_NE(out_.str().find("verified"), std::string::npos);
  EXPECT_GT(store_->JobTimes()->at(records::store::kBackupJob), 1'700'000'000'000'000);
}

TEST_F(BackupCommand, RestoresIntoANewStoreOnly) {
  ASSERT_EQ(MakeBackup(), 0);
  const std::vector<std::string> arguments = {"--from", File("b"), "--store",
                                              "sqlite:" + File("new/records.db")};
  EXPECT_EQ(Run(Restore, arguments), 0) << err_.str();
  {
    auto restored = records::store::OpenSqlite(File("new/records.db"));
    ASSERT_TRUE(restored.ok());
    const auto head = (*restored)->GetHead(TenantId("north"));
    EXPECT_EQ(head->seq, 1);
    EXPECT_NE(head->epoch, store_->GetHead(TenantId("north"))->epoch);
  }
  EXPECT_EQ(Run(Restore, arguments), 1);
  EXPECT_NE(err_.str().find("not empty"), std::string::npos) << err_.str();
}

TEST_F(BackupCommand, VerifyTellsWhetherAFileIsWhole) {
  ASSERT_EQ(MakeBackup(), 0);
  EXPECT_EQ(Run(Backup, {"verify", File("b"), "-o", "json"}), 0) << err_.str();
  EXPECT_NE(out_.str().find("\"records\":1,"), std::string::npos) << out_.str();
  fs::resize_file(File("b"), fs::file_size(File("b")) - 1);
  EXPECT_EQ(Run(Backup, {"verify", File("b")}), 1);
  EXPECT_NE(err_.str().find("damaged"), std::string::npos) << err_.str();
  // Nor does a restore make a store of it.
  EXPECT_EQ(Run(Restore, {"--from", File("b"), "--store", "sqlite:" + File("x.db")}), 1);
  EXPECT_EQ(Run(Restore, {"--from", File("none"), "--store", "sqlite:" + File("y.db")}), 2);
  EXPECT_FALSE(fs::exists(File("y.db")));
}

TEST_F(BackupCommand, WrongUsageSaysWhatIsMissing) {
  EXPECT_EQ(Run(Backup, {"--store", "sqlite:" + File("records.db")}), 2);
  EXPECT_NE(err_.str().find("--to FILE"), std::string::npos);
  EXPECT_EQ(Run(Restore, {"--from", File("b")}), 2);
  EXPECT_EQ(Run(Backup, {"--store", "sqlite:" + File("typo.db"), "--to", File("b")}), 2);
  EXPECT_FALSE(fs::exists(File("typo.db"))) << "nothing is made";
  EXPECT_EQ(Run(Backup, {"--store", "memory:", "--to", File("b")}), 2);
  EXPECT_EQ(Run(Backup, {"--store", "mysql://secret@x", "--to", File("b")}), 2);
  EXPECT_EQ(err_.str().find("secret"), std::string::npos);
  EXPECT_EQ(Run(Backup, {"--help"}), 0);
}

}  // namespace
}  // namespace gtm
