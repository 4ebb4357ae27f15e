#include "services/records/handler/records_service.h"

#include "common/rpc/call_meters.h"
#include "common/rpc/gate.h"
#include "common/rpc/raw_unary.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/records/handler/import_call.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {
namespace {

using Service = v1::RecordsService;

// By callback on the bytes themselves; Watch stays synchronous.
using Base = Service::WithRawCallbackMethod_Commit<Service::WithRawCallbackMethod_BatchCommit<
    Service::WithRawCallbackMethod_Get<Service::WithRawCallbackMethod_BatchGet<
        Service::WithRawCallbackMethod_List<Service::WithRawCallbackMethod_ListHistory<
            Service::WithRawCallbackMethod_ErasePerson<Service::WithRawCallbackMethod_GetHead<
                Service::WithRawCallbackMethod_Import<Service::Service>>>>>>>>>;

class GrpcWatchSink final : public WatchSink {
 public:
  GrpcWatchSink(grpc::ServerContext* context, grpc::ServerWriter<v1::WatchResponse>* writer,
                rpc::MethodMeters& meters)
      : context_(context), writer_(writer), meters_(meters) {}
  bool Write(const v1::WatchResponse& response) override {
    const bool sent = writer_->Write(response);
    if (sent) meters_.Sent();
    return sent;
  }
  void Cancel() override { context_->TryCancel(); }

 private:
  grpc::ServerContext* context_;
  grpc::ServerWriter<v1::WatchResponse>* writer_;
  rpc::MethodMeters& meters_;
};

class RecordsRpc final : public Base {
 public:
  RecordsRpc(rpc::Gate& gate, RecordsHandler& handler) : gate_(gate), handler_(handler) {}

  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;
  using Bytes = grpc::ByteBuffer;

  Reactor* Commit(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnaryAsync<v1::CommitRequest, v1::CommitResponse>(
        gate_, context, "gtm.records.v1.RecordsService/Commit", request, response,
        [this](auto call, const auto& q, auto* a, auto done) {
          handler_.Commit(std::move(call), q, a, std::move(done));
        });
  }
  Reactor* BatchCommit(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnaryAsync<v1::BatchCommitRequest, v1::BatchCommitResponse>(
        gate_, context, "gtm.records.v1.RecordsService/BatchCommit", request, response,
        [this](auto call, const auto& q, auto* a, auto done) {
          handler_.BatchCommit(std::move(call), q, a, std::move(done));
        });
  }
  Reactor* Get(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::GetRequest, v1::Record>(
        gate_, context, "gtm.records.v1.RecordsService/Get", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) { return handler_.Get(call, q, a); });
  }
  Reactor* BatchGet(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::BatchGetRequest, v1::BatchGetResponse>(
        gate_, context, "gtm.records.v1.RecordsService/BatchGet", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) { return handler_.BatchGet(call, q, a); });
  }
  Reactor* List(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::ListRequest, v1::ListResponse>(
        gate_, context, "gtm.records.v1.RecordsService/List", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) { return handler_.List(call, q, a); });
  }
  Reactor* ListHistory(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::ListHistoryRequest, v1::ListHistoryResponse>(
        gate_, context, "gtm.records.v1.RecordsService/ListHistory", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) {
          return handler_.ListHistory(call, q, a);
        });
  }
  Reactor* ErasePerson(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::ErasePersonRequest, v1::ErasePersonResponse>(
        gate_, context, "gtm.records.v1.RecordsService/ErasePerson", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) {
          return handler_.ErasePerson(call, q, a);
        });
  }
  Reactor* GetHead(Context* context, const Bytes* request, Bytes* response) override {
    return rpc::RawUnary<v1::GetHeadRequest, v1::GetHeadResponse>(
        gate_, context, "gtm.records.v1.RecordsService/GetHead", request, response,
        [this](rpc::Call& call, const auto& q, auto* a) { return handler_.GetHead(call, q, a); });
  }

  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override {
    constexpr std::string_view kMethod = "gtm.records.v1.RecordsService/Watch";
    return gate_.Stream(context, kMethod, [&](rpc::Call& call) {
      GrpcWatchSink sink(context, writer, gate_.MetersOf(kMethod));
      return handler_.Watch(call, *request, sink);
    });
  }
  grpc::ServerBidiReactor<Bytes, Bytes>* Import(Context* context) override {
    return ImportCall::Start(gate_, handler_, context);
  }

 private:
  rpc::Gate& gate_;
  RecordsHandler& handler_;
};

}  // namespace

std::unique_ptr<grpc::Service> MakeRecordsService(rpc::Gate& gate, RecordsHandler& handler) {
  return std::make_unique<RecordsRpc>(gate, handler);
}

std::span<const rpc::MethodRule> RecordsMethods() {
  using rpc::Cost;
  using rpc::Role;
  static constexpr rpc::MethodRule kMethods[] = {
      {"gtm.records.v1.RecordsService/Commit", Role::kWriter, Cost::kLight},
      {"gtm.records.v1.RecordsService/BatchCommit", Role::kWriter, Cost::kLight},
      {"gtm.records.v1.RecordsService/Import", Role::kWriter, Cost::kStream},
      {"gtm.records.v1.RecordsService/Get", Role::kReader, Cost::kStore},
      {"gtm.records.v1.RecordsService/BatchGet", Role::kReader, Cost::kStore},
      {"gtm.records.v1.RecordsService/List", Role::kReader, Cost::kStore},
      {"gtm.records.v1.RecordsService/Watch", Role::kReader, Cost::kStream},
      {"gtm.records.v1.RecordsService/ListHistory", Role::kReader, Cost::kStore},
      {"gtm.records.v1.RecordsService/ErasePerson", Role::kAdmin, Cost::kStore},
      {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kStore},
  };
  return kMethods;
}

}  // namespace gtm::records::handler
