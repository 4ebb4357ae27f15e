#include "common/rpc/audit.h"

namespace gtm::rpc {

void Audit::Denied(const Call& call, std::string_view method, std::string_view peer,
                   std::string_view subject, Reason reason, std::string_view detail) {
  log_.Warning("deny", {{"audit", true},
                        {"subject", subject},
                        {"tenant", std::string_view(call.tenant().value())},
                        {"peer", peer},
                        {"method", method},
                        {"reason", ReasonName(reason)},
                        {"detail", detail},
                        {"trace_id", std::string_view(call.trace_id)}});
}

void Audit::Wrote(const Call& call, std::string_view peer, bool ok) {
  log_.Info("write", {{"audit", true},
                      {"subject", std::string_view(call.principal.subject)},
                      {"tenant", std::string_view(call.tenant().value())},
                      {"peer", peer},
                      {"method", std::string_view(call.method)},
                      {"request_id", std::string_view(call.request_id)},
                      {"revision", std::string_view(call.revision)},
                      {"ok", ok},
                      {"trace_id", std::string_view(call.trace_id)}});
}

}  // namespace gtm::rpc
