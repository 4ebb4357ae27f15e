#include "services/targeting/domain/handover.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "common/stats/intervals.h"
#include "fmt/format.h"
#include "services/targeting/domain/proto_time.h"

namespace gtm::targeting::domain {
namespace {

bool IsAllowed(Handover::State from, Handover::State to) {
  if (from == Handover::STATE_PENDING) {
    return to == Handover::STATE_ACCEPTED || to == Handover::STATE_REJECTED;
  }
  return from == Handover::STATE_ACCEPTED &&
         (to == Handover::STATE_QUALIFIED || to == Handover::STATE_DISQUALIFIED);
}

// Reasons by their lower-case form; shown as written first.
class ReasonTally {
 public:
  void Add(const std::string& reason) {
    ReasonCount& entry = by_key_[absl::AsciiStrToLower(reason)];
    if (entry.count++ == 0) entry.reason = reason;
  }
  std::vector<ReasonCount> Ranked() const {
    std::vector<ReasonCount> ranked;
    for (const auto& [key, entry] : by_key_) ranked.push_back(entry);
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const ReasonCount& a, const ReasonCount& b) { return a.count > b.count; });
    return ranked;
  }

 private:
  std::map<std::string, ReasonCount> by_key_;
};

const std::string& ReasonOf(const Handover& handover, Handover::State state) {
  for (const Handover::Decision& decision : handover.decisions()) {
    if (decision.state() == state) return decision.reason();
  }
  static const std::string kNone;
  return kNone;
}

}  // namespace

std::string StateText(Handover::State state) {
  switch (state) {
    case Handover::STATE_PENDING:
      return "pending";
    case Handover::STATE_ACCEPTED:
      return "accepted";
    case Handover::STATE_REJECTED:
      return "rejected";
    case Handover::STATE_QUALIFIED:
      return "qualified";
    case Handover::STATE_DISQUALIFIED:
      return "disqualified";
    default:
      return "in an unknown state";
  }
}

Handover::State StateAt(const Handover& handover, absl::Time time) {
  Handover::State state = Handover::STATE_PENDING;
  for (const Handover::Decision& decision : handover.decisions()) {
    if (TimeOf(decision.decide_time()) <= time) state = decision.state();
  }
  return state;
}

Result<Handover> Decide(Handover handover, const HandoverDecision& decision, const Step& step) {
  std::vector<FieldViolation> violations;
  if (decision.state < Handover::STATE_ACCEPTED || decision.state > Handover::STATE_DISQUALIFIED) {
    violations.push_back({"state", "required: accepted, rejected, qualified or disqualified"});
  }
  const bool refusal =
      decision.state == Handover::STATE_REJECTED || decision.state == Handover::STATE_DISQUALIFIED;
  if (refusal && decision.reason.empty()) {
    violations.push_back({"reason", "required: say why sales refuses (TG-20, TG-21)"});
  }
  const absl::Time before =
      handover.decisions().empty()
          ? TimeOf(handover.handover_time())
          : TimeOf(handover.decisions(handover.decisions_size() - 1).decide_time());
  if (decision.decide_time < before) {
    violations.push_back({"decide_time", "before the step before it; give a later time"});
  }
  if (decision.decide_time > step.now) {
    violations.push_back({"decide_time", "in the future; give the time when sales decided"});
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  if (!IsAllowed(handover.state(), decision.state)) {
    return Error(Reason::WRONG_STATE,
                 fmt::format("handover {}: is {}; it cannot become {}", handover.id(),
                             StateText(handover.state()), StateText(decision.state)))
        .With("kind", "handover")
        .With("id", handover.id())
        .With("state", StateText(handover.state()));
  }
  Handover::Decision* added = handover.add_decisions();
  added->set_state(decision.state);
  SetTime(decision.decide_time, added->mutable_decide_time());
  added->set_reason(decision.reason);
  added->set_subject(step.subject);
  added->set_request_id(step.request_id);
  added->set_request_sha256(step.request_sha256);
  handover.set_state(decision.state);
  return handover;
}

HandshakeVerdict JudgeHandshake(int64_t accepted_count, int64_t decided_count) {
  HandshakeVerdict verdict;
  if (decided_count == 0) return verdict;
  const stats::Interval interval = stats::WilsonInterval(accepted_count, decided_count);
  const double gate = static_cast<double>(kHandshakeGateBps) / 10'000;
  verdict.could_turn = interval.low < gate && gate <= interval.high;
  // The observed rate against the gate in whole numbers: 70 of 100 is at it exactly.
  const bool healthy = accepted_count * 10'000 >= decided_count * kHandshakeGateBps;
  verdict.status = healthy ? HandshakeStatus::kHealthy : HandshakeStatus::kBelow;
  if (verdict.could_turn && interval.half_width() > kHandshakeHalfWidthMax) {
    verdict.status = HandshakeStatus::kNotEnoughData;
  }
  return verdict;
}

Handshake CountHandovers(const book::MessageList<Handover>& handovers,
                         const FiscalCalendar& calendar, const HandshakeQuestion& question) {
  Handshake out;
  ReasonTally rejections;
  ReasonTally disqualifications;
  for (const auto& handover : handovers) {
    const absl::Time time = TimeOf(handover->handover_time());
    if (time > question.as_of || !question.days.contains(calendar.DayOf(time))) continue;
    if (!question.definition_id.empty() && handover->definition_id() != question.definition_id) {
      continue;
    }
    ++out.handover_count;
    const Handover::State state = StateAt(*handover, question.as_of);
    switch (state) {
      case Handover::STATE_REJECTED:
        ++out.rejected_count;
        rejections.Add(ReasonOf(*handover, state));
        break;
      case Handover::STATE_QUALIFIED:
        ++out.qualified_count;
        ++out.accepted_count;
        break;
      case Handover::STATE_DISQUALIFIED:
        ++out.disqualified_count;
        ++out.accepted_count;
        disqualifications.Add(ReasonOf(*handover, state));
        break;
      case Handover::STATE_ACCEPTED:
        ++out.accepted_count;
        break;
      default:
        ++out.pending_count;
    }
  }
  out.rejection_reasons = rejections.Ranked();
  out.disqualification_reasons = disqualifications.Ranked();
  return out;
}

}  // namespace gtm::targeting::domain
