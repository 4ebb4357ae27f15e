#pragma once
// Answers the questions of gtm.growth.v1.GrowthService: parse, pin a view, let the
// domain decide, commit where the call writes, render.

#include <string>
#include <string_view>

#include "common/core/result.h"
#include "common/records_client/records_client.h"
#include "common/rpc/call.h"
#include "gtm/growth/v1/service.pb.h"
#include "services/growth/domain/evaluate_period.h"

namespace gtm::growth::handler {

namespace v1 = gtm::growth::v1;

// Thread-safe, as far as Records is. Errors of every method are those that the proto
// names, and those of Records.
class GrowthHandler {
 public:
  explicit GrowthHandler(records_client::Records& records) : records_(records) {}

  Status GetSignals(rpc::Call& call, const v1::GetSignalsRequest& request,
                    v1::GetSignalsResponse* response);
  Status ListSignalSeries(rpc::Call& call, const v1::ListSignalSeriesRequest& request,
                          v1::ListSignalSeriesResponse* response);
  Status GetRevenueMovements(rpc::Call& call, const v1::GetRevenueMovementsRequest& request,
                             v1::GetRevenueMovementsResponse* response);

  Status CommitSignalVerdict(rpc::Call& call, const v1::CommitSignalVerdictRequest& request,
                             v1::SignalVerdict* response);
  Status GetSignalVerdict(rpc::Call& call, const v1::GetSignalVerdictRequest& request,
                          v1::SignalVerdict* response);
  Status ListSignalVerdicts(rpc::Call& call, const v1::ListSignalVerdictsRequest& request,
                            v1::ListSignalVerdictsResponse* response);

  Status CreateCommitment(rpc::Call& call, const v1::CreateCommitmentRequest& request,
                          v1::Commitment* response);
  Status UpdateCommitment(rpc::Call& call, const v1::UpdateCommitmentRequest& request,
                          v1::Commitment* response);
  Status GetCommitment(rpc::Call& call, const v1::GetCommitmentRequest& request,
                       v1::Commitment* response);
  Status ListCommitments(rpc::Call& call, const v1::ListCommitmentsRequest& request,
                         v1::ListCommitmentsResponse* response);
  Status EvaluateCommitment(rpc::Call& call, const v1::EvaluateCommitmentRequest& request,
                            v1::EvaluateCommitmentResponse* response);

 private:
  // A pinned view and what the rules read of it.
  struct Asked {
    records_client::Question question;
    domain::GrowthBasis basis;
  };
  Result<Asked> Ask(const rpc::Call& call, const type::v1::PointInTime& point);
  Result<v1::SignalReport> Report(const Asked& asked, const FiscalPeriod& period);
  // The record as it is now. Error: RECORD_NOT_FOUND.
  Result<gtm::records::v1::Record> Find(const rpc::Call& call, gtm::records::v1::RecordKind kind,
                                        const std::string& id);
  // Writes one record and returns it as stored.
  Result<gtm::records::v1::Record> Put(const rpc::Call& call, const std::string& request_id,
                                       gtm::records::v1::Mutation mutation);

  records_client::Records& records_;
};

}  // namespace gtm::growth::handler
