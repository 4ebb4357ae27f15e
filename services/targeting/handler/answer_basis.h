#pragma once
// What an answer that is computed and not stored rests on.

#include "common/core/sha256.h"
#include "services/targeting/handler/page_token.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/render.h"

namespace gtm::targeting::handler {

// Fills `provenance` of an answer that has all else. The hash covers the rules, the request,
// the instant and the answer.
template <class Response>
void FillProvenance(const records_client::Question& question, const char* rules_version,
                    const google::protobuf::Message& request, Response* response) {
  Sha256 hash;
  hash.UpdateText(rules_version).UpdateText(RequestDigest(request));
  hash.Update(absl::ToUnixNanos(question.as_of));
  hash.UpdateText(CanonicalBytes(*response));
  *response->mutable_provenance() = RenderProvenance(question, nullptr, hash.HexDigest());
  response->mutable_provenance()->set_rules_version(rules_version);
}

}  // namespace gtm::targeting::handler
