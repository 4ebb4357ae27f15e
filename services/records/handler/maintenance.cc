#include "services/records/handler/maintenance.h"

#include <algorithm>

namespace gtm::records::handler {
namespace {

constexpr int kHeadsPage = 500;

}  // namespace

Maintenance::Maintenance(store::Store& store, const Clock& clock, MaintenanceOptions options)
    : store_(store), clock_(clock), options_(options) {}

Maintenance::~Maintenance() { Stop(); }

void Maintenance::Start() {
  thread_ = std::thread([this] {
    while (Pause(options_.interval)) {
      const auto round = RunOnce();
      options_.on_round(round.ok() && round->failed_tenants == 0);
    }
  });
}

void Maintenance::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  const std::lock_guard lock(stop_mutex_);
  if (thread_.joinable()) thread_.join();
}

bool Maintenance::Pause(absl::Duration duration) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, absl::ToChronoMilliseconds(duration), [&] { return stopping_; });
  return !stopping_;
}

void Maintenance::LogFailure(std::string_view work, std::string_view tenant, const Error& error) {
  options_.log->Error("maintenance_failed", {{"work", work},
                                             {"tenant", tenant},
                                             {"reason", ReasonName(error.reason())},
                                             {"message", std::string_view(error.message())}});
}

Result<MaintenanceRound> Maintenance::RunOnce() {
  MaintenanceRound round;
  if (const Status forgot = ForgetRequests(&round); !forgot.ok()) {
    LogFailure("forget_requests", "", forgot.error());
  }
  if (Status compacted = CompactAll(&round); !compacted.ok()) {
    LogFailure("list_tenants", "", compacted.error());
    return std::move(compacted).error();
  }
  return round;
}

Status Maintenance::ForgetRequests(MaintenanceRound* round) {
  const int64_t now_us = absl::ToUnixMicros(clock_.Now());
  while (true) {
    GTM_ASSIGN_OR_RETURN(const int64_t forgotten,
                         store_.ForgetRequests(now_us, options_.step_rows));
    round->forgotten_requests += forgotten;
    if (forgotten < options_.step_rows || !Pause(options_.step_pause)) return {};
  }
}

Status Maintenance::CompactAll(MaintenanceRound* round) {
  for (std::string after;;) {
    GTM_ASSIGN_OR_RETURN(const std::vector<store::TenantHead> heads,
                         store_.ListHeads(after, kHeadsPage));
    for (const store::TenantHead& head : heads) {
      if (!Pause(absl::ZeroDuration())) return {};
      const Status compacted = CompactTenant(head, round);
      if (compacted.ok()) continue;
      ++round->failed_tenants;
      LogFailure("compact", head.tenant, compacted.error());
    }
    if (heads.empty()) return {};
    after = heads.back().tenant;
  }
}

Status Maintenance::CompactTenant(const store::TenantHead& tenant, MaintenanceRound* round) {
  const int64_t by_rows = tenant.head.seq - options_.keep_rows;
  if (by_rows <= tenant.head.compacted_seq) return {};
  const TenantId id(tenant.tenant);
  const Result<int64_t> by_age = store_.SeqAt(id, absl::ToUnixMicros(clock_.Now() - options_.keep));
  if (!by_age.ok()) {
    // Everything that is kept is younger.
    if (by_age.error().reason() == Reason::REVISION_COMPACTED) return {};
    return by_age.error();
  }
  const int64_t up_to = std::min(by_rows, *by_age);
  if (up_to <= tenant.head.compacted_seq) return {};
  while (true) {
    GTM_ASSIGN_OR_RETURN(const store::CompactResult step,
                         store_.Compact(id, up_to, options_.step_rows));
    round->deleted_rows += step.deleted_rows;
    if (step.done || !Pause(options_.step_pause)) return {};
  }
}

}  // namespace gtm::records::handler
