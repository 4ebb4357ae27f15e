// The buyer's journey, content for a person, and messages.

#include <algorithm>
#include <set>

#include "common/core/ids.h"
#include "common/stats/estimate_proto.h"
#include "fmt/format.h"
#include "services/targeting/domain/journey.h"
#include "services/targeting/domain/message_check.h"
#include "services/targeting/domain/proto_time.h"
#include "services/targeting/domain/suggest_content.h"
#include "services/targeting/handler/answer_basis.h"
#include "services/targeting/handler/decisions.h"
#include "services/targeting/handler/parse.h"
#include "services/targeting/handler/parse_urgency.h"
#include "services/targeting/handler/targeting_handler.h"

namespace gtm::targeting::handler {
namespace {

constexpr int kEvidenceMax = 50;
constexpr int kCandidatesMax = 1'000;
constexpr size_t kMetKeysMax = 1'000;
constexpr size_t kTextBytesMax = 20'000;
constexpr int kWordsMax = 100;
constexpr size_t kWordBytesMax = 127;

type::v1::Estimate Rate(const domain::MovedCount& count) {
  return stats::RateEstimate(count.moved_count, count.person_count);
}

void Render(const book::BookView& view, const domain::JourneyEvidence& evidence,
            v1::JourneyEvidence* out) {
  out->set_kind(static_cast<v1::JourneyEvidence::Kind>(evidence.kind));
  out->set_step(static_cast<crm::v1::JourneyStep>(evidence.step));
  domain::SetTime(evidence.time, out->mutable_time());
  out->set_record_id(std::string(evidence.record_id));
  out->set_engagement_type(static_cast<crm::v1::Engagement::Type>(evidence.engagement_type));
  if (book::IsRow(evidence.contact)) {
    out->set_contact_id(std::string(view.contact(evidence.contact).id));
  }
}

void Render(const book::BookView& view, const domain::BuyerJourney& journey,
            v1::GetBuyerJourneyResponse* out) {
  out->set_step(static_cast<crm::v1::JourneyStep>(journey.position.step));
  if (journey.position.since) {
    domain::SetTime(*journey.position.since, out->mutable_since_time());
  }
  out->set_bought(journey.bought);
  out->set_problem_class(static_cast<crm::v1::ProblemClass>(journey.problem_class));
  for (auto at = journey.evidence.rbegin();
       at != journey.evidence.rend() && out->evidence_size() < kEvidenceMax; ++at) {
    Render(view, *at, out->add_evidence());
  }
  *out->mutable_active_people() =
      stats::RateEstimate(journey.active_person_count, journey.person_count);
  out->set_internal_share_count(journey.internal_share_count);
  if (journey.newest_call != nullptr) *out->mutable_newest_call_summary() = *journey.newest_call;
  for (const std::string& field : journey.unanswered_fields) out->add_unanswered_fields(field);
}

void Render(const domain::ContentSuggestion& suggestion, v1::ContentSuggestion* out) {
  const domain::MoveChance& chance = suggestion.chance;
  out->set_key(suggestion.key);
  out->set_basis(static_cast<v1::SuggestionBasis>(chance.basis));
  *out->mutable_moved_on() =
      chance.known
          ? stats::IntervalEstimate(chance.value, chance.interval, stats::kConfidence,
                                    "beta-binomial", chance.person_count,
                                    chance.basis != domain::SuggestionBasis::kNotEnoughData)
          : stats::NoDataEstimate();
  out->mutable_moved_on()->set_success_count(chance.moved_count);
  out->set_step_role_count(chance.step_role.person_count);
  out->set_step_role_moved_count(chance.step_role.moved_count);
  out->set_step_function_count(chance.step_function.person_count);
  out->set_step_function_moved_count(chance.step_function.moved_count);
  out->set_step_count(chance.step.person_count);
  out->set_step_moved_count(chance.step.moved_count);
  out->set_reason(suggestion.reason);
}

void Render(const domain::ChannelPreference& preference, v1::ChannelPreference* out) {
  out->set_channel(preference.channel);
  out->set_source(static_cast<v1::ChannelPreference::Source>(preference.source));
  *out->mutable_share() = stats::RateEstimate(preference.act_count, preference.total_count);
  if (preference.total_count > 0) {
    out->mutable_share()->set_sufficiency(preference.clear ? type::v1::SUFFICIENCY_ENOUGH
                                                           : type::v1::SUFFICIENCY_NOT_ENOUGH_DATA);
  }
}

void Render(const domain::MessageCheck& check, v1::TestMessageResponse* out) {
  out->set_verdict(static_cast<v1::TestMessageResponse::Verdict>(check.verdict));
  for (const domain::MessageFinding& finding : check.findings) {
    v1::MessageFinding* message = out->add_findings();
    message->set_rule(static_cast<v1::MessageFinding::Rule>(finding.rule));
    message->set_excerpt(finding.excerpt);
    message->set_observed(finding.observed);
    message->set_limit(finding.limit);
  }
  out->set_word_count(check.word_count);
  out->set_read_seconds(check.read_seconds);
  for (const std::string& action : check.actions) out->add_actions(action);
  for (const std::string& word : check.specifics) out->add_specifics(word);
}

domain::SuggestQuestion SuggestQuestionOf(const v1::SuggestContentRequest& request,
                                          Violations* violations) {
  domain::SuggestQuestion question;
  violations->CheckId("contact_id", request.contact_id());
  if (request.candidate_keys_size() > kCandidatesMax) {
    violations->Add("candidate_keys", "more than 1,000; give fewer, or none for all");
  }
  std::set<std::string> seen;
  for (int i = 0; i < request.candidate_keys_size() && i < kCandidatesMax; ++i) {
    const std::string field = fmt::format("candidate_keys[{}]", i);
    violations->CheckId(field, request.candidate_keys(i));
    if (!seen.insert(request.candidate_keys(i)).second) violations->Add(field, "listed before");
  }
  question.candidates.assign(request.candidate_keys().begin(), request.candidate_keys().end());
  question.count_max = static_cast<size_t>(
      std::max(1, NumberOr(request.suggestion_count(), 5, 1, 100, "suggestion_count", violations)));
  return question;
}

void CheckText(const v1::TestMessageRequest& request, Violations* violations) {
  if (request.text().empty()) violations->Add("text", "required: the message to test");
  if (request.text().size() > kTextBytesMax) {
    violations->Add("text", "longer than 20,000 bytes; nobody reads that in a minute");
  }
  if (request.agreed_text().size() > kTextBytesMax) {
    violations->Add("agreed_text", "longer than 20,000 bytes; give what concerns this message");
  }
  violations->CheckId("account_id", request.account_id(), false);
  violations->CheckId("contact_id", request.contact_id(), false);
  if (request.specific_words_size() > kWordsMax) {
    violations->Add("specific_words", "more than 100; give the most telling ones");
  }
  for (int i = 0; i < request.specific_words_size() && i < kWordsMax; ++i) {
    const std::string& word = request.specific_words(i);
    if (!word.empty() && word.size() <= kWordBytesMax) continue;
    violations->Add(fmt::format("specific_words[{}]", i), "must have 1 to 127 bytes");
  }
}

// What is particular to an account, and to a person.
void AddWords(const book::BookView& view, book::AccountRow account,
              std::vector<std::string>* words) {
  const book::AccountFacts facts = view.account(account);
  for (const std::string_view word : {facts.display_name, facts.industry}) {
    if (!word.empty()) words->emplace_back(word);
  }
  for (const auto& event : view.trigger_events()) {
    if (event->account_id() == facts.id && !event->subtype().empty()) {
      words->push_back(event->subtype());
    }
  }
}
void AddWords(const book::BookView& view, book::ContactRow contact,
              std::vector<std::string>* words) {
  const book::ContactFacts facts = view.contact(contact);
  for (const std::string_view word : {facts.job_title, facts.job_function}) {
    if (!word.empty()) words->emplace_back(word);
  }
  if (book::IsRow(facts.account)) AddWords(view, facts.account, words);
}

}  // namespace

Status TargetingHandler::GetBuyerJourney(rpc::Call& call, const v1::GetBuyerJourneyRequest& request,
                                         v1::GetBuyerJourneyResponse* response) {
  Violations violations;
  violations.CheckId("account_id", request.account_id());
  violations.CheckId("contact_id", request.contact_id(), false);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const book::BookView& view = question.view;
  const auto row = view.FindAccount(request.account_id());
  if (!row || !view.is_live(*row)) return NotFound("account", request.account_id());
  std::optional<book::ContactRow> only;
  if (!request.contact_id().empty()) {
    only = view.FindContact(request.contact_id());
    if (!only || !view.is_live(*only)) return NotFound("contact", request.contact_id());
    if (view.contact(*only).account != *row) {
      return InvalidField("contact_id", fmt::format("belongs to account \"{}\"; ask about that, or "
                                                    "leave the person out",
                                                    view.contact(*only).account_id));
    }
  }
  response->set_account_id(request.account_id());
  response->set_contact_id(request.contact_id());
  Render(view, domain::ReadJourney(view, *row, question.as_of, only), response);
  FillProvenance(question, "journey 1", request, response);
  return {};
}

Status TargetingHandler::SuggestContent(rpc::Call& call, const v1::SuggestContentRequest& request,
                                        v1::SuggestContentResponse* response) {
  Violations violations;
  domain::SuggestQuestion asked = SuggestQuestionOf(request, &violations);
  domain::LearnQuestion learn;
  learn.window_days =
      NumberOr(request.window_days(), learn.window_days, 30, 3'650, "window_days", &violations);
  learn.outcome_days =
      NumberOr(request.outcome_days(), learn.outcome_days, 7, 365, "outcome_days", &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const book::BookView& view = question.view;
  const auto row = view.FindContact(request.contact_id());
  if (!row || !view.is_live(*row)) return NotFound("contact", request.contact_id());
  asked.as_of = question.as_of;
  learn.as_of = question.as_of;
  GTM_ASSIGN_OR_RETURN(const domain::ContentEfficacy efficacy,
                       domain::LearnContent(view, learn, AliveWhile(call)));
  const domain::ContentAdvice advice = domain::SuggestContent(view, efficacy, *row, asked);
  response->set_contact_id(request.contact_id());
  for (const auto& suggestion : advice.suggestions) {
    Render(suggestion, response->add_suggestions());
  }
  response->set_content_kind(static_cast<v1::ContentKind>(efficacy.kind));
  response->set_step(static_cast<crm::v1::JourneyStep>(advice.step));
  response->set_role(static_cast<crm::v1::BuyingRole>(advice.buyer.role));
  response->set_job_function(std::string(view.contact(*row).job_function));
  *response->mutable_step_average() = Rate(advice.step_average);
  for (size_t i = 0; i < std::min(advice.met_keys.size(), kMetKeysMax); ++i) {
    response->add_met_keys(advice.met_keys[i]);
  }
  response->set_met_candidate_count(advice.met_candidate_count);
  Render(domain::PreferredChannel(view, *row, question.as_of), response->mutable_channel());
  FillProvenance(question, "content 2", request, response);
  return {};
}

Status TargetingHandler::TestMessage(rpc::Call& call, const v1::TestMessageRequest& request,
                                     v1::TestMessageResponse* response) {
  Violations violations;
  CheckText(request, &violations);
  domain::MessageTarget target;
  target.read_seconds_max = NumberOr(request.read_seconds_max(), target.read_seconds_max, 5, 600,
                                     "read_seconds_max", &violations);
  GTM_RETURN_IF_ERROR(std::move(violations).ToStatus());
  GTM_ASSIGN_OR_RETURN(const records_client::Question question,
                       records_.Ask(call, request.point()));
  const book::BookView& view = question.view;
  target.agreed_text = request.agreed_text();
  target.words.assign(request.specific_words().begin(), request.specific_words().end());
  if (!request.contact_id().empty()) {
    const auto row = view.FindContact(request.contact_id());
    if (!row || !view.is_live(*row)) return NotFound("contact", request.contact_id());
    AddWords(view, *row, &target.words);
  }
  if (!request.account_id().empty()) {
    const auto row = view.FindAccount(request.account_id());
    if (!row || !view.is_live(*row)) return NotFound("account", request.account_id());
    AddWords(view, *row, &target.words);
  }
  Render(domain::CheckMessage(request.text(), target), response);
  FillProvenance(question, "message 1", request, response);
  return {};
}

}  // namespace gtm::targeting::handler
