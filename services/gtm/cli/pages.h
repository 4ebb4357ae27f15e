#pragma once
// Lists that are asked for page by page.

#include <algorithm>

#include "google/protobuf/repeated_ptr_field.h"
#include "services/gtm/cli/command.h"

namespace gtm::cli {

// Up to `limit` items as one answer: `items` names the list, all else is that of the last page
// (so next_page_token is empty where there was no more). Later pages hold for the instant of the
// first: their token carries it. limit: at least 1. Errors: those of the calls.
template <class Service, class Method, class Request, class Response, class Item>
Result<Response> AskPages(Session& session, Method method, Request request,
                          google::protobuf::RepeatedPtrField<Item>* (Response::*items)(),
                          int limit) {
  constexpr int kPageMax = 1'000;
  Response all;
  for (int left = limit;;) {
    request.set_page_size(std::min(left, kPageMax));
    GTM_ASSIGN_OR_RETURN(Response page, session.client().Call<Service>(method, request));
    left -= (page.*items)()->size();
    request.set_page_token(page.next_page_token());
    (all.*items)()->MergeFrom(*(page.*items)());
    (page.*items)()->Swap((all.*items)());
    all = std::move(page);
    if (left <= 0 || request.page_token().empty()) return all;
  }
}

}  // namespace gtm::cli
