#include "services/targeting/domain/suggest_content.h"

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "fmt/format.h"
#include "services/targeting/domain/engagement.h"

namespace gtm::targeting::domain {
namespace {

constexpr uint8_t kMutual = 3;  // gtm.crm.v1.Engagement.DIRECTION_MUTUAL

std::string Lower(std::string_view text) {
  std::string lower = absl::AsciiStrToLower({text.data(), text.size()});
  std::replace(lower.begin(), lower.end(), '_', ' ');
  return lower;
}

const char* StepText(JourneyStep step) {
  switch (step) {
    case JourneyStep::kDecision:
      return "deciding";
    case JourneyStep::kExamine:
      return "examining solutions";
    default:
      return "identifying the problem";
  }
}

std::string RoleText(size_t role) {
  constexpr std::string_view kPrefix = "BUYING_ROLE_";
  const std::string& name = crm::v1::BuyingRole_Name(static_cast<crm::v1::BuyingRole>(role));
  return name.size() > kPrefix.size() ? Lower(std::string_view(name).substr(kPrefix.size()))
                                      : "unknown role";
}

std::string Reason(const MoveChance& chance, JourneyStep step, const BuyerKind& buyer) {
  const std::string counted =
      fmt::format("{} of {} moved on", chance.moved_count, chance.person_count);
  switch (chance.basis) {
    case SuggestionBasis::kStepAndRole:
      return fmt::format("people {}, role {}: {}", StepText(step), RoleText(buyer.role), counted);
    case SuggestionBasis::kStepAndFunction:
      return fmt::format("people {}, function {}: {}{}", StepText(step), buyer.function, counted,
                         buyer.role == 0 ? ""
                                         : fmt::format("; of this role too few ({})",
                                                       chance.step_role.person_count));
    case SuggestionBasis::kStep:
      return fmt::format("people {}, of any role: {}; of this role too few ({})", StepText(step),
                         counted, chance.step_role.person_count);
    case SuggestionBasis::kAll:
      return fmt::format("people at any step: {}; at this step too few ({})", counted,
                         chance.step.person_count);
    default:
      return "fewer than 20 people met it: the average of the step stands in";
  }
}

// Keys that the person has met, of the kind that the efficacy is about.
std::set<uint32_t> MetBy(const book::BookView& view, const ContentEfficacy& efficacy,
                         book::ContactRow contact, absl::Time as_of) {
  std::set<uint32_t> met;
  const book::AccountRow account = view.contact(contact).account;
  if (!book::IsRow(account)) return met;
  for (const book::EngagementEvent& event : view.engagements_of(account)) {
    if (event.time() > as_of) break;  // events come by rising time
    if (event.contact != contact || event.details == book::kNoRow) continue;
    const book::TouchDetails details = view.details(event);
    const uint32_t key =
        efficacy.kind == ContentKind::kContent ? details.content : details.campaign;
    if (key != book::kNoRow) met.insert(key);
  }
  return met;
}

}  // namespace

ContentAdvice SuggestContent(const book::BookView& view, const ContentEfficacy& efficacy,
                             book::ContactRow contact, const SuggestQuestion& question) {
  ContentAdvice out;
  const book::ContactFacts facts = view.contact(contact);
  if (book::IsRow(facts.account)) {
    out.step =
        PositionAt(EvidenceOf(view, facts.account, CallsOf(view, facts.account), question.as_of),
                   question.as_of)
            .step;
  }
  out.buyer = KindOf(facts);
  const JourneyStep step = out.step == JourneyStep::kUnknown || out.step == JourneyStep::kNotAFit
                               ? JourneyStep::kIdentifyProblem
                               : out.step;
  out.step_average = efficacy.any.AtStep(step);
  std::set<std::string> met;
  for (const uint32_t key : MetBy(view, efficacy, contact, question.as_of)) {
    met.emplace(view.text(key));
  }
  out.met_keys.assign(met.begin(), met.end());
  std::map<std::string, const ContentTally*> candidates;
  for (const std::string& key : question.candidates) candidates.emplace(key, nullptr);
  for (const auto& [symbol, tally] : efficacy.tallies) {
    const std::string key(view.text(symbol));
    if (question.candidates.empty() || candidates.contains(key)) candidates[key] = &tally;
  }
  for (const auto& [key, tally] : candidates) {
    if (met.contains(key)) {
      ++out.met_candidate_count;
      continue;
    }
    ContentSuggestion suggestion{key, ChanceOf(tally, efficacy.any, step, out.buyer), ""};
    suggestion.reason = Reason(suggestion.chance, step, out.buyer);
    out.suggestions.push_back(std::move(suggestion));
  }
  // Candidates come by rising key.
  std::stable_sort(out.suggestions.begin(), out.suggestions.end(),
                   [](const ContentSuggestion& a, const ContentSuggestion& b) {
                     return a.chance.interval.low > b.chance.interval.low;
                   });
  if (out.suggestions.size() > question.count_max) out.suggestions.resize(question.count_max);
  return out;
}

ChannelPreference PreferredChannel(const book::BookView& view, book::ContactRow contact,
                                   absl::Time as_of) {
  ChannelPreference out;
  const book::ContactFacts facts = view.contact(contact);
  std::map<std::string, int64_t> acts;
  if (book::IsRow(facts.account)) {
    for (const book::EngagementEvent& event : view.engagements_of(facts.account)) {
      if (event.time() > as_of) break;  // events come by rising time
      if (event.time() <= as_of - absl::Hours(24 * kChannelDays)) continue;
      if (event.contact != contact || !IsBuyerTouch(event) || event.direction == kMutual) continue;
      constexpr std::string_view kPrefix = "TYPE_";
      std::string_view channel = view.text(view.details(event).channel);
      const std::string& type =
          crm::v1::Engagement::Type_Name(static_cast<crm::v1::Engagement::Type>(event.type));
      if (channel.empty() && type.size() > kPrefix.size()) {
        channel = std::string_view(type).substr(kPrefix.size());
      }
      if (channel.empty()) continue;
      ++acts[Lower(channel)];
      ++out.total_count;
    }
  }
  int64_t second = 0;
  for (const auto& [channel, count] : acts) {
    if (count > out.act_count) {
      second = out.act_count;
      out.act_count = count;
      out.channel = channel;
    } else {
      second = std::max(second, count);
    }
  }
  if (out.total_count > 0) {
    out.source = ChannelSource::kLearned;
    const double low = stats::WilsonInterval(out.act_count, out.total_count).low;
    out.clear = out.total_count >= kChannelActsMin &&
                low > static_cast<double>(second) / static_cast<double>(out.total_count);
  }
  if (!facts.preferred_channel.empty()) {
    out.channel = std::string(facts.preferred_channel);
    out.source = ChannelSource::kRecorded;
    const auto same = acts.find(Lower(facts.preferred_channel));
    out.act_count = same == acts.end() ? 0 : same->second;
    out.clear = true;
  }
  return out;
}

}  // namespace gtm::targeting::domain
