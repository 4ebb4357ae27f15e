#include "services/records/handler/observer.h"

namespace gtm::records::handler {
namespace {

// By the name that travels in a rejection.
Reason ReasonOf(std::string_view name) {
#define GTM_X(reason, number) \
  if (name == #reason) return Reason::reason;
  GTM_ERROR_REASONS(GTM_X)
#undef GTM_X
  return Reason::INTERNAL_ERROR;
}

}  // namespace

Observer& NoObserver() {
  static Observer none;
  return none;
}

bool ObservedImport::Write(const v1::ImportResponse& response) {
  int told = -1;  // rejections come by index; several may be of one record
  for (const auto& rejection : response.rejections()) {
    if (rejection.index() != told) observer_.Rejected(ReasonOf(rejection.reason()));
    told = rejection.index();
  }
  return stream_.Write(response);
}

}  // namespace gtm::records::handler
