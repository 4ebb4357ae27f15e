// The database of components/postgres and the jobs, on a real server: the roles' SQL, then the
// commands of the manifests, each with its own role.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "common/testing/postgres_server.h"
#include "tests/deploy/manifests.h"
#include "tests/deploy/run.h"
#include "tests/scenario/child_process.h"

namespace gtm::deploy {
namespace {

namespace fs = std::filesystem;

std::string Replace(std::string text, const std::string& from, const std::string& to) {
  for (size_t at; (at = text.find(from)) != std::string::npos;) text.replace(at, from.size(), to);
  return text;
}

class Database : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(test::PostgresServer::IsInstalled()) << "install postgresql; `./dev test` does";
    server_ = &test::PostgresServer::Shared();
    folder_ = (fs::temp_directory_path() / "gtm-deploy-XXXXXX").string();
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
    for (const char* role : {"app", "owner"}) {
      fs::create_directories(folder_ + "/gtm-store-" + role);
      std::ofstream(folder_ + "/gtm-store-" + role + "/pg_service.conf")
          << fmt::format("[gtm]\nhost=127.0.0.1\nport={}\ndbname=gtm\nuser=gtm_{}\npassword=x\n",
                         server_->port(), role);
    }
    fs::create_directories(folder_ + "/backups");
  }
  void TearDown() override { fs::remove_all(folder_); }

  Output Sql(const std::string& user, const std::string& database, const std::string& sql) {
    return deploy::Run({"psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p",
                        std::to_string(server_->port()), "-U", user, "-d", database, "-Atc", sql});
  }

  // Runs a container of a workload with the paths of this machine.
  Output RunContainer(const Json& workload, const std::string& name) {
    const Json& pod = PodOf(workload);
    for (const Json* container : ContainersOf(pod)) {
      if (TextAt(*container, "/name") != name) continue;
      std::vector<std::string> command = {"env"};
      for (const auto& [key, value] : EnvironmentOf(objects_, *container)) {
        command.push_back(key + "=" + Here(pod, key == "POD_NAME" ? "pod-1" : value));
      }
      for (const char* list : {"/command", "/args"}) {
        for (const Json& word : At(*container, list)) command.push_back(Here(pod, word));
      }
      return deploy::Run(command);
    }
    ADD_FAILURE() << IdOf(workload) << " has no container " << name;
    return {};
  }

  std::string Here(const Json& pod, std::string word) const {
    for (const Json& volume : At(pod, "/spec/volumes")) {
      const std::string secret = TextAt(volume, "/secret/secretName");
      if (TextAt(volume, "/name") == "store") {
        word = Replace(word, "/etc/gtm/store", folder_ + "/" + secret);
      }
    }
    if (word.starts_with("/backups")) word = folder_ + word;
    word = Replace(word, "sqlite:/drill", "sqlite:" + folder_ + "/restored");
    word = Replace(word, "$(POD_NAME)", "pod-1");
    return Replace(word, "/usr/bin/", GTM_BINARY_FOLDER "/");
  }

  const Objects objects_ = Render("k8s/overlays/production");
  test::PostgresServer* server_ = nullptr;
  std::string folder_;
};

TEST_F(Database, RolesMigrationsServiceBackupAndDrill) {
  const Output roles =
      deploy::Run({"psql", "--no-psqlrc", "--set=ON_ERROR_STOP=1", "--set=owner_password=o'x",
                   "--set=app_password=a", "-h", "127.0.0.1", "-p", std::to_string(server_->port()),
                   "-U", "gtm", "-d", "postgres", "-f", "k8s/components/postgres/roles.sql"});
  ASSERT_EQ(roles.exit_code, 0) << roles.error;

  // The services' role may not make the schema, and does not start before it is there.
  EXPECT_NE(Sql("gtm_app", "gtm", "CREATE TABLE other (id int)").exit_code, 0);
  const Json& records = *Find(objects_, "Deployment/gtm-records");
  const auto environment = EnvironmentOf(objects_, *ContainersOf(PodOf(records))[0]);
  setenv("PGSERVICEFILE", Here(PodOf(records), environment.at("PGSERVICEFILE")).c_str(), 1);
  const std::string store = "--store=" + environment.at("GTM_STORE");
  const std::string migrate = "--migrate=" + environment.at("GTM_MIGRATE");
  const Output early = deploy::Run({GTM_BINARY_FOLDER "/gtm-records", store, migrate,
                                    "--address=127.0.0.1:0", "--metrics-address="});
  EXPECT_EQ(early.exit_code, 1);
  EXPECT_NE(early.error.find("schema"), std::string::npos) << early.error;

  const Json& job = *Find(objects_, "Job/gtm-migrate-" GTM_VERSION_DASHED);
  for (int run = 0; run < 2; ++run) {  // again changes nothing
    const Output migrated = RunContainer(job, "migrate");
    ASSERT_EQ(migrated.exit_code, 0) << migrated.text << migrated.error;
  }

  // Reads and writes as the services' role, without a migration.
  {
    scenario::ChildProcess platform(GTM_BINARY_FOLDER "/gtm", {"serve", store, migrate});
    const Output demo = deploy::Run(
        {GTM_BINARY_FOLDER "/gtm", "demo", "--size", "20", "--address", platform.address()});
    EXPECT_EQ(demo.exit_code, 0) << demo.text << demo.error;
    EXPECT_EQ(platform.Stop(), 0);
  }
  unsetenv("PGSERVICEFILE");
  const Output owner = Sql("gtm_app", "gtm",
                           "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND "
                           "tableowner <> 'gtm_owner'");
  EXPECT_EQ(owner.text, "0\n") << owner.error;

  const Json& backup = *Find(objects_, "CronJob/gtm-backup");
  const Output saved = RunContainer(backup, "backup");
  ASSERT_EQ(saved.exit_code, 0) << saved.text << saved.error;
  EXPECT_EQ(saved.error, "") << "it may note its time in the store";
  const Output restored = RunContainer(backup, "restore-drill");
  EXPECT_EQ(restored.exit_code, 0) << restored.text << restored.error;
  EXPECT_TRUE(fs::exists(folder_ + "/restored/gtm.db"));
}

}  // namespace
}  // namespace gtm::deploy
