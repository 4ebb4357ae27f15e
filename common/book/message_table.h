#pragma once
// Records of one of the smaller kinds, as their messages by rising id.

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "common/book/book.h"

namespace gtm::book {

// For one thread; the lists that it publishes never change.
template <class Message>
class MessageTable {
 public:
  using List = std::shared_ptr<const MessageList<Message>>;

  void Put(Message message) {
    std::string id = message.id();
    pending_[std::move(id)] = std::make_shared<const Message>(std::move(message));
  }
  void Delete(const std::string& id) { pending_[id] = nullptr; }

  // The list with all changes until now. Costs one pass over the list where there
  // were any: bulk loading pays it once.
  const List& Publish() {
    if (pending_.empty()) return list_;
    auto merged = std::make_shared<MessageList<Message>>();
    merged->reserve(list_->size() + pending_.size());
    auto old = list_->begin();
    for (auto& [id, message] : pending_) {
      for (; old != list_->end() && (*old)->id() < id; ++old) merged->push_back(*old);
      if (old != list_->end() && (*old)->id() == id) bytes_ -= BytesOf(**old++);
      if (message == nullptr) continue;
      bytes_ += BytesOf(*message);
      merged->push_back(std::move(message));
    }
    merged->insert(merged->end(), old, list_->end());
    pending_.clear();
    list_ = std::move(merged);
    return list_;
  }
  const List& list() const { return list_; }
  // Of what is published.
  int64_t memory_bytes() const { return bytes_; }

 private:
  static int64_t BytesOf(const Message& message) {
    return static_cast<int64_t>(message.SpaceUsedLong() + 2 * sizeof(void*) +
                                sizeof(std::shared_ptr<const Message>));
  }
  std::map<std::string, std::shared_ptr<const Message>> pending_;  // null: deleted
  List list_ = std::make_shared<const MessageList<Message>>();
  int64_t bytes_ = 0;
};

// X(payload case, accessor of the BookView, message type)
#define GTM_BOOK_MESSAGE_KINDS(X)                                                             \
  X(Campaign, campaign, campaigns, crm::v1::Campaign)                                         \
  X(Spend, spend, spends, crm::v1::Spend)                                                     \
  X(LeadCount, lead_count, lead_counts, crm::v1::LeadCount)                                   \
  X(Seller, seller, sellers, crm::v1::Seller)                                                 \
  X(Executive, executive, executives, crm::v1::Executive)                                     \
  X(SubscriptionMovement, subscription_movement, subscription_movements,                      \
    crm::v1::SubscriptionMovement)                                                            \
  X(Headcount, headcount, headcounts, crm::v1::Headcount)                                     \
  X(ExchangeRate, exchange_rate, exchange_rates, crm::v1::ExchangeRate)                       \
  X(TriggerEvent, trigger_event, trigger_events, crm::v1::TriggerEvent)                       \
  X(CallSummary, call_summary, call_summaries, crm::v1::CallSummary)                          \
  X(SurveyResponse, survey_response, survey_responses, crm::v1::SurveyResponse)               \
  X(VisitorLink, visitor_link, visitor_links, crm::v1::VisitorLink)                           \
  X(TargetDefinition, target_definition, target_definitions, targeting::v1::TargetDefinition) \
  X(Handover, handover, handovers, targeting::v1::Handover)                                   \
  X(SponsorshipProgram, sponsorship_program, sponsorship_programs,                            \
    sponsorship::v1::SponsorshipProgram)                                                      \
  X(Sponsorship, sponsorship, sponsorships, sponsorship::v1::Sponsorship)                     \
  X(MatchRun, match_run, match_runs, sponsorship::v1::MatchRun)                               \
  X(ForecastEdition, forecast_edition, forecast_editions, forecasting::v1::ForecastEdition)   \
  X(ForecastCall, forecast_call, forecast_calls, forecasting::v1::ForecastCall)               \
  X(SignalVerdict, signal_verdict, signal_verdicts, growth::v1::SignalVerdict)                \
  X(Commitment, commitment, commitments, growth::v1::Commitment)

}  // namespace gtm::book
