// Sponsorships: ended by people, and read.

#include <fmt/format.h>

#include "common/core/page_token.h"
#include "services/sponsorship/handler/decisions.h"
#include "services/sponsorship/handler/parse.h"
#include "services/sponsorship/handler/question.h"
#include "services/sponsorship/handler/render.h"
#include "services/sponsorship/handler/sponsorship_handler.h"

namespace gtm::sponsorship::handler {
namespace {

using gtm::records::v1::RECORD_KIND_SPONSORSHIP;
using v1::Sponsorship;

constexpr size_t kNoteBytesMax = 1000;

Status Check(const v1::EndSponsorshipRequest& request) {
  Violations violations;
  violations.CheckRequestId(request.request_id());
  violations.CheckId("sponsorship_id", request.sponsorship_id());
  if (request.reason() == Sponsorship::END_REASON_UNSPECIFIED ||
      !Sponsorship::EndReason_IsValid(request.reason())) {
    violations.Add("reason", "required: why it ends");
  }
  if (request.reason() == Sponsorship::END_REASON_OTHER && request.note().empty()) {
    violations.Add("note", "required with the reason OTHER");
  }
  if (request.note().size() > kNoteBytesMax) {
    violations.Add("note", fmt::format("at most {} bytes", kNoteBytesMax));
  }
  if (request.has_end_date() && !DayOf(request.end_date())) {
    violations.Add("end_date", "must be a day of the years 1900 to 2200");
  }
  return std::move(violations).ToStatus();
}

bool IsRepetition(const v1::EndSponsorshipRequest& request, const Sponsorship& ended) {
  return request.reason() == ended.end_reason() && request.note() == ended.end_note() &&
         (!request.has_end_date() || DayOf(request.end_date()) == DayOf(ended.end_date()));
}

bool Fits(const v1::ListSponsorshipsRequest& request, const Sponsorship& s) {
  const auto fits = [](const std::string& wanted, const std::string& is) {
    return wanted.empty() || wanted == is;
  };
  return (request.state() == Sponsorship::STATE_UNSPECIFIED || request.state() == s.state()) &&
         fits(request.executive_id(), s.executive_id()) &&
         fits(request.contact_id(), s.contact_id()) && fits(request.account_id(), s.account_id());
}

}  // namespace

Status SponsorshipHandler::EndSponsorship(rpc::Call& call, const v1::EndSponsorshipRequest& request,
                                          Sponsorship* response) {
  GTM_RETURN_IF_ERROR(Check(request));
  const std::string& id = request.sponsorship_id();
  GTM_ASSIGN_OR_RETURN(const Found found, Find(records_, call, {{RECORD_KIND_SPONSORSHIP, id}}));
  const Sponsorship* live = found.Sponsorship(id);
  if (live == nullptr) return NotFound("sponsorship", id);
  if (live->end_request_id() == request.request_id()) {
    if (!IsRepetition(request, *live)) return RequestIdReused(request.request_id());
    *response = *live;
    return {};
  }
  GTM_RETURN_IF_ERROR(CheckEtag("sponsorship", id, live->etag(), request.etag()));
  if (live->state() != Sponsorship::STATE_ACTIVE) {
    return WrongState("sponsorship", id, "ended", "only an active one can be ended");
  }
  GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, found.revision()));
  const absl::CivilDay end_day = request.has_end_date() ? *DayOf(request.end_date())
                                                        : view.settings().calendar.DayOf(call.now);
  const auto start_day = DayOf(live->start_date());
  if (start_day && end_day < *start_day) {
    return InvalidField("end_date", "must not be before the start date");
  }
  Sponsorship ended = *live;
  ended.set_state(Sponsorship::STATE_ENDED);
  *ended.mutable_end_date() = RenderDate(end_day);
  ended.set_end_reason(request.reason());
  ended.set_end_note(request.note());
  ended.set_end_request_id(request.request_id());
  Writing writing(request.request_id());
  writing.Replace(std::move(ended));
  GTM_ASSIGN_OR_RETURN(auto committed, writing.Commit(records_, call));
  *response = committed.results(0).record().sponsorship();
  return {};
}

Status SponsorshipHandler::ListSponsorships(rpc::Call& call,
                                            const v1::ListSponsorshipsRequest& request,
                                            v1::ListSponsorshipsResponse* response) {
  GTM_ASSIGN_OR_RETURN(const int page_size, PageSizeOf(request.page_size()));
  v1::ListSponsorshipsRequest question = request;
  question.clear_page_size();
  question.clear_page_token();
  question.clear_min_revision();
  const std::string arguments = "sponsorships " + CanonicalBytes(question);
  GTM_ASSIGN_OR_RETURN(const std::string after, DecodePageToken(request.page_token(), arguments));
  GTM_ASSIGN_OR_RETURN(const book::BookView view, ViewAt(records_, call, request.min_revision()));
  for (const auto& s : view.sponsorships()) {
    if ((!after.empty() && s->id() <= after) || !Fits(request, *s)) continue;
    if (response->sponsorships_size() == page_size) {
      response->set_next_page_token(
          EncodePageToken(response->sponsorships(page_size - 1).id(), arguments));
      return {};
    }
    *response->add_sponsorships() = *s;
  }
  return {};
}

}  // namespace gtm::sponsorship::handler
