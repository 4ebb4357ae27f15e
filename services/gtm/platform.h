#pragma once
// All five services in one process over one store: an internal server that only this
// process reaches serves records to the one shared Book cache; the process's own server
// offers all five to clients. The same handlers as in processes of their own.

#include <grpcpp/grpcpp.h>

#include <memory>
#include <vector>

#include "common/process/business_metrics.h"
#include "common/process/process.h"
#include "services/records/store/store.h"

namespace gtm {

class Platform {
 public:
  // Serves on the process's address from now on. `writer_threads` suits the store.
  static Result<std::unique_ptr<Platform>> Start(process::Process& process,
                                                 std::unique_ptr<records::store::Store> store,
                                                 int writer_threads);
  ~Platform();
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  // Ends watches, and writes what was accepted: before the process drains.
  void Shutdown();

 private:
  Platform() = default;
  Status StartRecords(process::Process& process, int writer_threads);
  void StartServices(process::Process& process, process::BusinessMetricsOptions options);

  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gtm
