// Commands of the four services against fakes: which request a command line becomes.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gtm/forecasting/v1/service.grpc.pb.h"
#include "gtm/sponsorship/v1/service.grpc.pb.h"
#include "gtm/targeting/v1/service.grpc.pb.h"
#include "services/gtm/cli/cli.h"

namespace gtm::cli {
namespace {

using grpc::ServerContext;
using testing::HasSubstr;

class FakeTargeting final : public targeting::v1::TargetingService::Service {
 public:
  targeting::v1::RecordHandoverRequest recorded;
  targeting::v1::DecideHandoverRequest decided;
  targeting::v1::CheckFunnelPlanRequest checked;
  targeting::v1::GetUrgencyRequest urgency_asked;
  std::vector<targeting::v1::ListSimmeringRequest> simmer_asked;
  targeting::v1::GetTriggerStatisticsRequest triggers_asked;
  targeting::v1::GetMeetingYieldRequest meetings_asked;
  targeting::v1::GetBuyingBehaviorRequest buying_asked;
  targeting::v1::GetBuyerJourneyRequest journey_asked;
  targeting::v1::SuggestContentRequest suggest_asked;
  targeting::v1::TestMessageRequest message_asked;

  std::vector<targeting::v1::ListVisitorsRequest> visitors_asked;
  grpc::Status ListVisitors(ServerContext*, const targeting::v1::ListVisitorsRequest* request,
                            targeting::v1::ListVisitorsResponse* response) override {
    visitors_asked.push_back(*request);
    const bool first = request->page_token().empty();
    response->add_visitors()->set_visitor_id(first ? "w-1" : "w-2");
    if (first) response->set_next_page_token("next");
    return grpc::Status::OK;
  }
  grpc::Status GetUrgency(ServerContext*, const targeting::v1::GetUrgencyRequest* request,
                          targeting::v1::GetUrgencyResponse* response) override {
    urgency_asked = *request;
    response->set_account_id(request->account_id());
    return grpc::Status::OK;
  }
  // Two pages.
  grpc::Status ListSimmering(ServerContext*, const targeting::v1::ListSimmeringRequest* request,
                             targeting::v1::ListSimmeringResponse* response) override {
    simmer_asked.push_back(*request);
    const bool first = request->page_token().empty();
    response->add_accounts()->set_account_id(first ? "a-1" : "a-2");
    if (first) response->set_next_page_token("next");
    response->set_total_count(2);
    return grpc::Status::OK;
  }
  grpc::Status GetTriggerStatistics(ServerContext*,
                                    const targeting::v1::GetTriggerStatisticsRequest* request,
                                    targeting::v1::GetTriggerStatisticsResponse*) override {
    triggers_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status GetMeetingYield(ServerContext*, const targeting::v1::GetMeetingYieldRequest* request,
                               targeting::v1::GetMeetingYieldResponse*) override {
    meetings_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status GetBuyingBehavior(ServerContext*,
                                 const targeting::v1::GetBuyingBehaviorRequest* request,
                                 targeting::v1::GetBuyingBehaviorResponse*) override {
    buying_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status GetBuyerJourney(ServerContext*, const targeting::v1::GetBuyerJourneyRequest* request,
                               targeting::v1::GetBuyerJourneyResponse*) override {
    journey_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status SuggestContent(ServerContext*, const targeting::v1::SuggestContentRequest* request,
                              targeting::v1::SuggestContentResponse*) override {
    suggest_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status TestMessage(ServerContext*, const targeting::v1::TestMessageRequest* request,
                           targeting::v1::TestMessageResponse*) override {
    message_asked = *request;
    return grpc::Status::OK;
  }
  grpc::Status ListAttributes(ServerContext*, const targeting::v1::ListAttributesRequest*,
                              targeting::v1::ListAttributesResponse* response) override {
    auto* attribute = response->add_attributes();
    attribute->set_name("account.employee_count");
    attribute->set_value_type(targeting::v1::ListAttributesResponse::Attribute::VALUE_TYPE_NUMBER);
    attribute->set_meaning("People who work there.");
    return grpc::Status::OK;
  }
  grpc::Status RecordHandover(ServerContext*, const targeting::v1::RecordHandoverRequest* request,
                              targeting::v1::RecordHandoverResponse* response) override {
    recorded = *request;
    *response->mutable_handover() = request->handover();
    response->mutable_handover()->set_state(targeting::v1::Handover::STATE_PENDING);
    return grpc::Status::OK;
  }
  grpc::Status DecideHandover(ServerContext*, const targeting::v1::DecideHandoverRequest* request,
                              targeting::v1::DecideHandoverResponse* response) override {
    decided = *request;
    response->mutable_handover()->set_id(request->handover_id());
    response->mutable_handover()->set_state(request->state());
    return grpc::Status::OK;
  }
  grpc::Status CheckFunnelPlan(ServerContext*, const targeting::v1::CheckFunnelPlanRequest* request,
                               targeting::v1::CheckFunnelPlanResponse* response) override {
    checked = *request;
    auto* limit = response->add_limits();
    limit->set_kind(targeting::v1::CheckFunnelPlanResponse::Limit::KIND_MARKET_PEOPLE);
    limit->set_stage("visitors");
    limit->set_needed(35'300);
    limit->set_available(1'000);
    limit->set_ratio(35.3);
    limit->set_violated(true);
    limit->set_explanation("35.3 times the market");
    *response->mutable_first_violation() = *limit;
    auto* stage = response->add_counter_plan();
    stage->set_display_name("visitors");
    stage->set_count(1'000);
    return grpc::Status::OK;
  }
  targeting::v1::GetReachRequest reached;
  targeting::v1::GetChannelEfficacyRequest channels;
  targeting::v1::DiagnoseHandoversRequest diagnosed;
  targeting::v1::CheckStageGateRequest gated;
  grpc::Status GetReach(ServerContext*, const targeting::v1::GetReachRequest* request,
                        targeting::v1::GetReachResponse* response) override {
    reached = *request;
    *response->mutable_current()->mutable_days() = request->days();
    response->mutable_provenance()->mutable_as_of()->set_seconds(1'782'777'600);
    return grpc::Status::OK;
  }
  grpc::Status GetChannelEfficacy(ServerContext*,
                                  const targeting::v1::GetChannelEfficacyRequest* request,
                                  targeting::v1::GetChannelEfficacyResponse*) override {
    channels = *request;
    return grpc::Status::OK;
  }
  grpc::Status DiagnoseHandovers(ServerContext*,
                                 const targeting::v1::DiagnoseHandoversRequest* request,
                                 targeting::v1::DiagnoseHandoversResponse*) override {
    diagnosed = *request;
    return grpc::Status::OK;
  }
  grpc::Status CheckStageGate(ServerContext*, const targeting::v1::CheckStageGateRequest* request,
                              targeting::v1::CheckStageGateResponse* response) override {
    gated = *request;
    response->set_opportunity_id(request->opportunity_id());
    return grpc::Status::OK;
  }
  targeting::v1::RankActivitiesRequest ranked;
  targeting::v1::GetExperimentRequest experiment;
  int experiment_pages = 0;
  grpc::Status RankActivities(ServerContext*, const targeting::v1::RankActivitiesRequest* request,
                              targeting::v1::RankActivitiesResponse*) override {
    ranked = *request;
    return grpc::Status::OK;
  }
  grpc::Status GetExperiment(ServerContext*, const targeting::v1::GetExperimentRequest* request,
                             targeting::v1::GetExperimentResponse* response) override {
    experiment = *request;
    response->mutable_experiment()->set_name(request->experiment());
    *response->mutable_rules() = request->rules();
    return grpc::Status::OK;
  }
  targeting::v1::DiagnoseEngagementRequest engagement;
  grpc::Status DiagnoseEngagement(ServerContext*,
                                  const targeting::v1::DiagnoseEngagementRequest* request,
                                  targeting::v1::DiagnoseEngagementResponse*) override {
    engagement = *request;
    return grpc::Status::OK;
  }
  // Two pages of one experiment each.
  grpc::Status ListExperiments(ServerContext*, const targeting::v1::ListExperimentsRequest* request,
                               targeting::v1::ListExperimentsResponse* response) override {
    ++experiment_pages;
    const bool first = request->page_token().empty();
    response->add_experiments()->set_name(first ? "form" : "offer");
    if (first) response->set_next_page_token("more");
    return grpc::Status::OK;
  }
};

class FakeSponsorship final : public sponsorship::v1::SponsorshipService::Service {
 public:
  sponsorship::v1::EndSponsorshipRequest ended;

  grpc::Status EndSponsorship(ServerContext*, const sponsorship::v1::EndSponsorshipRequest* request,
                              sponsorship::v1::Sponsorship* response) override {
    ended = *request;
    response->set_id(request->sponsorship_id());
    response->set_state(sponsorship::v1::Sponsorship::STATE_ENDED);
    response->set_end_reason(request->reason());
    return grpc::Status::OK;
  }
};

class FakeForecasting final : public forecasting::v1::ForecastingService::Service {
 public:
  double remaining_days = 0;
  int coverage_count = 0;

  grpc::Status GetForecast(ServerContext*, const forecasting::v1::GetForecastRequest*,
                           forecasting::v1::GetForecastResponse* response) override {
    response->mutable_forecast()->set_remaining_days(remaining_days);
    response->mutable_forecast()->mutable_bookings();
    return grpc::Status::OK;
  }
  forecasting::v1::InterrogatePipelineRequest interrogated;
  grpc::Status InterrogatePipeline(
      ServerContext*, const forecasting::v1::InterrogatePipelineRequest* request,
      forecasting::v1::InterrogatePipelineResponse* response) override {
    interrogated = *request;
    response->add_deals()->set_opportunity_id("o-1");
    return grpc::Status::OK;
  }
  grpc::Status GetCoverage(ServerContext*, const forecasting::v1::GetCoverageRequest*,
                           forecasting::v1::GetCoverageResponse*) override {
    ++coverage_count;
    return grpc::Status::OK;
  }
};

class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&targeting_);
    builder.RegisterService(&sponsorship_);
    builder.RegisterService(&forecasting_);
    server_ = builder.BuildAndStart();
  }
  ~CommandsTest() override { server_->Shutdown(); }

  int Run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    Console console;
    console.out = &out_;
    console.err = &err_;
    return RunCommand(arguments, console, server_->InProcessChannel({}));
  }

  FakeTargeting targeting_;
  FakeSponsorship sponsorship_;
  FakeForecasting forecasting_;
  std::unique_ptr<grpc::Server> server_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(CommandsTest, DefinitionAttributesListsWhatACriterionCanRead) {
  EXPECT_EQ(Run({"definition", "attributes", "-o", "csv"}), 0) << err_.str();
  EXPECT_EQ(out_.str(),
            "name,value_type,meaning\naccount.employee_count,number,People who work there.\n");
}

TEST_F(CommandsTest, ReachAsksForChannelsOfTheSameDaysAndInstant) {
  EXPECT_EQ(Run({"reach", "--from", "2026-04-01", "--to", "2026-06-30", "--by", "campaign"}), 0)
      << err_.str();
  EXPECT_EQ(targeting_.reached.days().end_date().month(), 7) << "the day after the last one";
  EXPECT_EQ(targeting_.channels.days().end_date().month(), 7);
  EXPECT_EQ(targeting_.channels.grouping(), targeting::v1::ACTIVITY_GROUPING_CAMPAIGN);
  EXPECT_EQ(targeting_.channels.point().as_of().seconds(), 1'782'777'600);
  EXPECT_EQ(Run({"reach", "--from", "2026-04-01"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--to"));
  EXPECT_EQ(Run({"reach", "--period", "2026-Q2", "--from", "2026-04-01"}), 2);
}

TEST_F(CommandsTest, ReachActivitiesTakesTheFlagsOfReach) {
  EXPECT_EQ(Run({"reach", "--by", "campaign", "activities", "--period", "2026-Q2", "--limit", "7"}),
            0)
      << err_.str();
  EXPECT_EQ(targeting_.ranked.grouping(), targeting::v1::ACTIVITY_GROUPING_CAMPAIGN);
  EXPECT_EQ(targeting_.ranked.period().index(), 2);
  EXPECT_EQ(targeting_.ranked.activity_count_max(), 7);
}

TEST_F(CommandsTest, ReachExperimentsReadsAllPagesOrOneByName) {
  EXPECT_EQ(Run({"reach", "experiments", "-o", "json"}), 0) << err_.str();
  EXPECT_EQ(targeting_.experiment_pages, 2);
  EXPECT_THAT(out_.str(), HasSubstr("form"));
  EXPECT_THAT(out_.str(), HasSubstr("offer"));
  EXPECT_EQ(Run({"reach", "experiments", "offer", "--outcome", "opportunity", "--horizon", "60",
                 "--alpha", "1", "--worth", "2.5", "--control", "b", "--split", "a=2", "b=1"}),
            0)
      << err_.str();
  const auto& asked = targeting_.experiment;
  EXPECT_EQ(asked.experiment(), "offer");
  EXPECT_EQ(asked.rules().outcome(), targeting::v1::EXPERIMENT_OUTCOME_OPPORTUNITY);
  EXPECT_EQ(asked.rules().horizon_days(), 60);
  EXPECT_EQ(asked.rules().alpha_bps(), 100);
  EXPECT_EQ(asked.rules().worth_difference_bps(), 250);
  EXPECT_EQ(asked.control_arm(), "b");
  ASSERT_EQ(asked.arm_weights_size(), 2);
  EXPECT_EQ(asked.arm_weights(0).weight(), 2);
  EXPECT_EQ(Run({"reach", "experiments", "offer", "--split", "a"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("ARM=WEIGHT"));
  EXPECT_EQ(Run({"reach", "experiments", "--control", "b"}), 2);
}

TEST_F(CommandsTest, ReachDiagnoseSendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"reach", "--definition", "d1", "diagnose", "--horizon", "60", "--targets", "--low",
                 "2.5"}),
            0)
      << err_.str();
  EXPECT_EQ(targeting_.engagement.definition_id(), "d1");
  EXPECT_EQ(targeting_.engagement.rules().horizon_days(), 60);
  EXPECT_TRUE(targeting_.engagement.rules().targets_only());
  EXPECT_EQ(targeting_.engagement.low_rate_bps(), 250);
  EXPECT_EQ(Run({"reach", "--by", "content", "activities"}), 0) << err_.str();
  EXPECT_EQ(targeting_.ranked.grouping(), targeting::v1::ACTIVITY_GROUPING_CONTENT);
}

TEST_F(CommandsTest, HandoverDiagnoseAndGateSendWhatTheFlagsSay) {
  EXPECT_EQ(Run({"handover", "diagnose", "--period", "2026-Q2", "--no-problem", "kein bedarf"}), 0)
      << err_.str();
  EXPECT_EQ(targeting_.diagnosed.period().index(), 2);
  ASSERT_EQ(targeting_.diagnosed.reason_rules_size(), 1);
  EXPECT_EQ(targeting_.diagnosed.reason_rules(0).reason_class(),
            targeting::v1::REASON_CLASS_NO_PROBLEM);
  EXPECT_EQ(Run({"handover", "gate", "o-1", "--team", "4", "--one-person"}), 0) << err_.str();
  EXPECT_EQ(targeting_.gated.opportunity_id(), "o-1");
  EXPECT_EQ(targeting_.gated.team_min(), 4);
  EXPECT_TRUE(targeting_.gated.one_person_buys());
}

TEST_F(CommandsTest, HandoverRecordSendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"handover", "record", "--account", "a-1", "--contact", "c-1", "--source", "fair",
                 "--time", "2026-03-31T10:00:00Z", "--dry-run"}),
            0)
      << err_.str();
  const auto& handover = targeting_.recorded.handover();
  EXPECT_EQ(handover.account_id(), "a-1");
  EXPECT_EQ(handover.contact_id(), "c-1");
  EXPECT_EQ(handover.source(), "fair");
  EXPECT_EQ(handover.handover_time().seconds(), 1'774'951'200);
  EXPECT_TRUE(targeting_.recorded.validate_only());
  EXPECT_FALSE(targeting_.recorded.request_id().empty());
  EXPECT_THAT(out_.str(), HasSubstr("pending"));
}

TEST_F(CommandsTest, HandoverDecisionsAreFour) {
  using targeting::v1::Handover;
  const std::pair<const char*, Handover::State> decisions[] = {
      {"accept", Handover::STATE_ACCEPTED},
      {"reject", Handover::STATE_REJECTED},
      {"qualify", Handover::STATE_QUALIFIED},
      {"disqualify", Handover::STATE_DISQUALIFIED}};
  for (const auto& [word, state] : decisions) {
    EXPECT_EQ(Run({"handover", word, "h-1", "--reason", "no budget", "--etag", "\"7\""}), 0);
    EXPECT_EQ(targeting_.decided.handover_id(), "h-1");
    EXPECT_EQ(targeting_.decided.state(), state);
    EXPECT_EQ(targeting_.decided.reason(), "no budget");
    EXPECT_EQ(targeting_.decided.etag(), "\"7\"");
  }
  EXPECT_EQ(Run({"handover"}), 2);
  EXPECT_EQ(Run({"handover", "accept"}), 2);
}

TEST_F(CommandsTest, FunnelReadsAPlanAndShowsWhatFits) {
  const std::string path =
      (std::filesystem::path(testing::TempDir()) / ("gtm_plan_" + std::to_string(::getpid())))
          .string();
  std::ofstream(path) << R"({"stages": [{"display_name": "visitors", "count": 35300}]})";
  EXPECT_EQ(Run({"funnel", "--file", path, "--as-of", "2026-03-31"}), 0) << err_.str();
  std::filesystem::remove(path);
  ASSERT_EQ(targeting_.checked.stages_size(), 1);
  EXPECT_EQ(targeting_.checked.stages(0).count(), 35'300);
  EXPECT_TRUE(targeting_.checked.point().has_as_of());
  EXPECT_THAT(out_.str(), HasSubstr("The plan cannot be: 35.3 times the market"));
  EXPECT_THAT(out_.str(), HasSubstr("too much"));
  EXPECT_THAT(out_.str(), HasSubstr("the largest plan with the same rates that fits:"));
}

TEST_F(CommandsTest, UrgencySendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"urgency", "account", "a-1", "--as-of", "2026-03-31"}), 0) << err_.str();
  EXPECT_EQ(targeting_.urgency_asked.account_id(), "a-1");
  EXPECT_TRUE(targeting_.urgency_asked.point().has_as_of());
  EXPECT_EQ(Run({"urgency", "simmer", "--due", "--with-deals", "--segment", "small", "--owner", "s",
                 "--wakes", "merger-settles", "--limit", "7", "-o", "csv"}),
            0)
      << err_.str();
  ASSERT_EQ(targeting_.simmer_asked.size(), 2u) << "goes on to the next page";
  const auto& simmer = targeting_.simmer_asked[1];
  EXPECT_TRUE(simmer.due_only());
  EXPECT_TRUE(simmer.with_opportunities_only());
  EXPECT_EQ(simmer.segment(), "small");
  EXPECT_EQ(simmer.owner_seller_id(), "s");
  EXPECT_EQ(simmer.kind(), targeting::v1::WakeUpRule::KIND_MERGER_SETTLES);
  EXPECT_EQ(simmer.page_size(), 6);
  EXPECT_EQ(simmer.page_token(), "next");
  EXPECT_THAT(out_.str(), HasSubstr("a-1,"));
  EXPECT_THAT(out_.str(), HasSubstr("a-2,"));
  EXPECT_EQ(Run({"urgency", "triggers", "--by", "industry", "--window-days", "90"}), 0);
  EXPECT_EQ(targeting_.triggers_asked.dimension(), targeting::v1::TRIGGER_DIMENSION_INDUSTRY);
  EXPECT_EQ(targeting_.triggers_asked.window_days(), 90);
  EXPECT_EQ(Run({"urgency", "meetings", "--yield-days", "30", "--week-max", "9"}), 0);
  EXPECT_EQ(targeting_.meetings_asked.yield_days(), 30);
  EXPECT_EQ(targeting_.meetings_asked.week_meetings_max(), 9);
  EXPECT_EQ(Run({"urgency"}), 2);
  EXPECT_EQ(Run({"urgency", "simmer", "--wakes", "never"}), 2);
}

TEST_F(CommandsTest, VisitorsSendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"visitors", "--standing", "unknown", "--min-engagement", "40", "--limit", "5",
                 "--definition", "d-1", "-o", "csv"}),
            0)
      << err_.str();
  ASSERT_EQ(targeting_.visitors_asked.size(), 2u) << "goes on to the next page";
  const auto& asked = targeting_.visitors_asked[1];
  EXPECT_EQ(asked.standing(), targeting::v1::VISITOR_STANDING_UNKNOWN);
  EXPECT_EQ(asked.min_engagement_micropoints(), 40'000'000);
  EXPECT_EQ(asked.definition_id(), "d-1");
  EXPECT_EQ(asked.page_size(), 4);
  EXPECT_THAT(out_.str(), HasSubstr("w-1,"));
  EXPECT_THAT(out_.str(), HasSubstr("w-2,"));
  EXPECT_EQ(Run({"visitors", "link", "w-1"}), 2) << "an account is required";
  EXPECT_EQ(Run({"visitors", "--standing", "known"}), 2);
}

TEST_F(CommandsTest, EnablementSendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"enablement", "journey", "a-1", "--contact", "c-1"}), 0) << err_.str();
  EXPECT_EQ(targeting_.journey_asked.account_id(), "a-1");
  EXPECT_EQ(targeting_.journey_asked.contact_id(), "c-1");
  EXPECT_EQ(Run({"enablement", "suggest", "c-1", "--among", "guide", "--among", "video", "--count",
                 "3", "--outcome-days", "30"}),
            0)
      << err_.str();
  EXPECT_EQ(targeting_.suggest_asked.contact_id(), "c-1");
  EXPECT_EQ(targeting_.suggest_asked.candidate_keys_size(), 2);
  EXPECT_EQ(targeting_.suggest_asked.suggestion_count(), 3);
  EXPECT_EQ(targeting_.suggest_asked.outcome_days(), 30);
  const std::string path =
      (std::filesystem::path(testing::TempDir()) / ("gtm_mail_" + std::to_string(::getpid())))
          .string();
  std::ofstream(path) << "Who owns the close?";
  EXPECT_EQ(Run({"enablement", "message", "--file", path, "--account", "a-1", "--word", "close",
                 "--agreed", path}),
            0)
      << err_.str();
  std::filesystem::remove(path);
  EXPECT_EQ(targeting_.message_asked.agreed_text(), "Who owns the close?");
  EXPECT_EQ(targeting_.message_asked.text(), "Who owns the close?");
  EXPECT_EQ(targeting_.message_asked.account_id(), "a-1");
  EXPECT_EQ(targeting_.message_asked.specific_words(0), "close");
  EXPECT_EQ(Run({"enablement", "message", "--file", "/nowhere/at-all"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("cannot read /nowhere/at-all"));
  EXPECT_EQ(Run({"enablement"}), 2);
  EXPECT_EQ(Run({"enablement", "buying", "--from", "2026-01-01", "--to", "2026-03-31",
                 "--definition", "d-1", "--content", "guide", "--content", "video"}),
            0)
      << err_.str();
  EXPECT_EQ(targeting_.buying_asked.definition_id(), "d-1");
  EXPECT_EQ(targeting_.buying_asked.enablement_content_ids_size(), 2);
  EXPECT_EQ(targeting_.buying_asked.days().end_date().month(), 4);
}

TEST_F(CommandsTest, SponsorsEndSaysWhyAndUntilWhen) {
  EXPECT_EQ(Run({"sponsors", "end", "s-1", "--reason", "contact-left", "--end-date", "2026-03-31"}),
            0)
      << err_.str();
  EXPECT_EQ(sponsorship_.ended.sponsorship_id(), "s-1");
  EXPECT_EQ(sponsorship_.ended.reason(), sponsorship::v1::Sponsorship::END_REASON_CONTACT_LEFT);
  EXPECT_EQ(sponsorship_.ended.end_date().day(), 31);
  EXPECT_THAT(out_.str(), HasSubstr("contact left"));
  EXPECT_EQ(Run({"sponsors", "end", "s-1", "--end-date", "soon"}), 2);
  EXPECT_EQ(Run({"sponsors", "end", "s-1", "--reason", "bored"}), 2);
}

TEST_F(CommandsTest, ForecastOfAPeriodThatIsOverAsksForNoCoverage) {
  EXPECT_EQ(Run({"forecast", "--period", "2025-Q1"}), 0) << err_.str();
  EXPECT_EQ(forecasting_.coverage_count, 0);
  forecasting_.remaining_days = 3;
  EXPECT_EQ(Run({"forecast"}), 0);
  EXPECT_EQ(forecasting_.coverage_count, 1);
}

TEST_F(CommandsTest, PipelineInterrogateSendsWhatTheFlagsSay) {
  EXPECT_EQ(Run({"pipeline", "interrogate", "--only", "no-legal-review", "--only", "single-contact",
                 "--severity", "medium", "--owner", "ada", "--deals", "5", "--quiet-days", "10",
                 "--as-of", "2026-03-31", "--period", "2026-Q2"}),
            0)
      << err_.str();
  using forecasting::v1::DealWarning;
  const auto& sent = forecasting_.interrogated;
  ASSERT_EQ(sent.warning_types_size(), 2);
  EXPECT_EQ(sent.warning_types(0), DealWarning::TYPE_NO_LEGAL_REVIEW);
  EXPECT_EQ(sent.warning_types(1), DealWarning::TYPE_SINGLE_CONTACT);
  EXPECT_EQ(sent.severity_min(), DealWarning::SEVERITY_MEDIUM);
  EXPECT_EQ(sent.selection().owner_seller_id(), "ada");
  EXPECT_EQ(sent.page_size(), 5);
  EXPECT_EQ(sent.rules().quiet_days(), 10);
  EXPECT_EQ(sent.period().index(), 2);
  EXPECT_TRUE(sent.point().has_as_of());
  EXPECT_EQ(Run({"pipeline", "interrogate", "o-1"}), 0) << err_.str();
  EXPECT_EQ(forecasting_.interrogated.opportunity_id(), "o-1");
  EXPECT_EQ(forecasting_.interrogated.severity_min(), DealWarning::SEVERITY_UNSPECIFIED);
  EXPECT_EQ(Run({"pipeline", "interrogate", "--only", "bad-hair"}), 2);
  EXPECT_EQ(Run({"pipeline"}), 2);
}

TEST_F(CommandsTest, SignalsSeriesRefusesAUnitThatItCannotKeep) {
  EXPECT_EQ(Run({"signals", "series", "--unit", "quarter"}), 2);
  EXPECT_THAT(err_.str(), HasSubstr("--unit: a series is by month, not by quarter"));
}

}  // namespace
}  // namespace gtm::cli
