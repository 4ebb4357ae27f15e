#include "services/gtm/cli/error_text.h"

#include <fmt/format.h>

#include "services/gtm/cli/table.h"
#include "services/gtm/cli/text_format.h"

namespace gtm::cli {
namespace {

// What helps at the command line; "" where the message says it all.
std::string Remedy(const Error& error) {
  switch (error.reason()) {
    case Reason::PEER_UNAVAILABLE:
      return "start the platform with `gtm serve`, or name another with --address or "
             "GTM_ADDRESS";
    case Reason::RECORDS_UNAVAILABLE:
    case Reason::STORE_UNAVAILABLE:
      return "try again; if it stays so, look at the log of gtm-records";
    case Reason::DEADLINE_EXPIRED:
      return "allow more time with --timeout, such as --timeout 2m";
    case Reason::NO_ACTIVE_DEFINITION:
      return "`gtm definition list` shows what there is; three functions sign one with "
             "`gtm definition sign ID --function sales --signer NAME`";
    case Reason::NO_ACTIVE_PROGRAM:
      return "`gtm sponsors program create --file program.json`, then "
             "`gtm sponsors program activate ID`";
    case Reason::ETAG_MISMATCH:
      return "somebody changed it meanwhile: read it again and repeat";
    case Reason::CREDENTIALS_MISSING:
    case Reason::CREDENTIALS_INVALID:
      return "give a token or an API key with --token-file or GTM_TOKEN, or a client certificate "
             "with --tls-cert-file; without either check --tenant";
    case Reason::TENANT_NOT_ALLOWED:
      return "check --tenant and GTM_TENANT";
    case Reason::REVISION_COMPACTED:
      return "the history no longer reaches that far back: leave --from out, or list again";
    case Reason::OVERLOADED:
    case Reason::TENANT_QUOTA:
      return error.retry_after_ms() > 0 ? fmt::format("try again in {} ms", error.retry_after_ms())
                                        : "try again in a moment";
    case Reason::RECORD_NOT_FOUND:
      return "`gtm record list KIND` shows the ids that there are";
    case Reason::DATA_MISSING:
      return "`gtm import` brings records in";
    default:
      return "";
  }
}

}  // namespace

std::string ErrorText(const Error& error, bool color) {
  std::string headline = error.message();
  if (error.violations().size() > 1) {
    headline = fmt::format("{} fields are invalid", error.violations().size());
  } else if (error.violations().size() == 1) {
    headline = "a field is invalid";
  }
  std::string text = fmt::format("{} {} ({})\n", Toned("gtm:", Tone::kBad, color),
                                 Printable(headline), ReasonName(error.reason()));
  for (const FieldViolation& violation : error.violations()) {
    text += fmt::format("  {}: {}\n", Printable(violation.field), Printable(violation.description));
  }
  if (const auto detail = error.metadata().find("detail");
      error.reason() == Reason::PEER_UNAVAILABLE && detail != error.metadata().end()) {
    text += fmt::format("  {}\n", Printable(detail->second));
  }
  const std::string remedy = Remedy(error);
  if (!remedy.empty()) text += fmt::format("try: {}\n", remedy);
  return text;
}

}  // namespace gtm::cli
