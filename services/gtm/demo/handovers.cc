#include "services/gtm/demo/handovers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "services/gtm/demo/build.h"

namespace gtm::demo {
namespace {

using records::v1::Record;
using targeting::v1::Handover;

constexpr size_t kHandoversMax = 120;
constexpr int kHandoverDays = 300;
constexpr int64_t kDaySeconds = 86'400;

std::string RequestId(size_t handover, int step) {
  return fmt::format("0190d3b0-0000-7000-8002-{:010d}{:02d}", handover, step);
}

class HandoverWriter {
 public:
  HandoverWriter(const Options& options, std::vector<HandoverRequests>* out)
      : out_(*out), random_(options.seed * 7'919 + 17) {
    today_s_ = absl::ToUnixSeconds(absl::FromCivil(options.today, absl::UTCTimeZone()));
  }

  bool is_full() const { return out_.size() >= kHandoversMax; }

  void Write(const crm::v1::Opportunity& deal, const std::string& industry) {
    const auto& stages = deal.stage_changes();
    const int64_t begin_s = stages[0].change_time().seconds();
    const bool ended = stages.size() > 1;
    const int64_t next_s = ended ? stages[1].change_time().seconds() : 0;
    if (begin_s < today_s_ - kHandoverDays * kDaySeconds || begin_s >= today_s_) return;
    if (next_s >= today_s_) return;
    HandoverRequests requests;
    requests.record.set_request_id(RequestId(out_.size(), 0));
    Handover* handover = requests.record.mutable_handover();
    handover->set_id(deal.id() + "-h");
    handover->set_account_id(deal.account_id());
    handover->set_opportunity_id(deal.id());
    handover->set_source(deal.source());
    handover->set_campaign_id(deal.campaign_id());
    handover->mutable_handover_time()->set_seconds(begin_s);
    const bool went_on = ended && stages[1].stage_id() == "discovery";
    for (const char* question : {"Is there a project?", "Who else must agree?"}) {
      auto* answer = handover->add_rubric_answers();
      answer->set_question(question);
      answer->set_met(went_on || random_.Uniform() < 0.7);
    }
    Decide(&requests, ended, went_on, begin_s, next_s, industry);
    out_.push_back(std::move(requests));
  }

 private:
  void Add(HandoverRequests* requests, Handover::State state, int64_t time_s,
           const std::string& reason) {
    auto& decision = requests->decisions.emplace_back();
    decision.set_request_id(RequestId(out_.size(), static_cast<int>(requests->decisions.size())));
    decision.set_handover_id(requests->record.handover().id());
    decision.set_state(state);
    decision.set_reason(reason);
    decision.mutable_decide_time()->set_seconds(time_s);
  }

  void Decide(HandoverRequests* requests, bool ended, bool went_on, int64_t begin_s, int64_t next_s,
              const std::string& industry) {
    if (!ended) return;  // sales has not decided yet
    static constexpr std::array<const char*, 3> kReasons = {"no budget", "no project", "bad time"};
    const bool fits_badly = industry == "education" || industry == "media";
    const bool refused = !went_on && (fits_badly || random_.Uniform() < 0.5);
    const char* reason = fits_badly ? "not a target" : kReasons[random_.Below(kReasons.size())];
    if (refused) {
      Add(requests, Handover::STATE_REJECTED, next_s, reason);
      return;
    }
    Add(requests, Handover::STATE_ACCEPTED, std::min(begin_s + kDaySeconds, next_s), "");
    Add(requests, went_on ? Handover::STATE_QUALIFIED : Handover::STATE_DISQUALIFIED, next_s,
        went_on ? "" : reason);
  }

  std::vector<HandoverRequests>& out_;
  Random random_;
  int64_t today_s_ = 0;
};

}  // namespace

std::vector<HandoverRequests> DemoHandovers(const Options& options, const Truth& truth) {
  std::vector<HandoverRequests> requests;
  HandoverWriter writer(options, &requests);
  std::string industry;
  Generate(options, truth, [&](const Record& record) {
    // An account comes before its deals.
    if (record.has_account()) industry = record.account().industry();
    if (record.has_opportunity() && !writer.is_full()) {
      writer.Write(record.opportunity(), industry);
    }
  });
  return requests;
}

}  // namespace gtm::demo
