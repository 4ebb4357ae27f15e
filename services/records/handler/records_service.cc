#include "services/records/handler/records_service.h"

#include "common/rpc/gate.h"
#include "common/rpc/raw_stream.h"
#include "common/rpc/raw_unary.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {
namespace {

using Service = v1::RecordsService;

// By callback on the bytes themselves, without exception: one synchronous method would slow
// down the whole server (common/rpc/README.md).
using Base =
    rpc::Mixed<Service::Service, Service::WithRawCallbackMethod_Commit,
               Service::WithRawCallbackMethod_BatchCommit, Service::WithRawCallbackMethod_Get,
               Service::WithRawCallbackMethod_BatchGet, Service::WithRawCallbackMethod_List,
               Service::WithRawCallbackMethod_ListHistory,
               Service::WithRawCallbackMethod_ErasePerson, Service::WithRawCallbackMethod_GetHead,
               Service::WithRawCallbackMethod_Watch, Service::WithRawCallbackMethod_Import>;

// A watch's side of the transport.
class Sink final : public WatchSink {
 public:
  Sink(grpc::CallbackServerContext& context, const rpc::Write<v1::WatchResponse>& write)
      : context_(context), write_(write) {}
  bool Write(const v1::WatchResponse& response) override { return write_(response); }
  void Cancel() override { context_.TryCancel(); }

 private:
  grpc::CallbackServerContext& context_;
  const rpc::Write<v1::WatchResponse>& write_;
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

  grpc::ServerWriteReactor<Bytes>* Watch(Context* context, const Bytes* request) override {
    return rpc::RawServerStream<v1::WatchRequest, v1::WatchResponse>::Start(
        gate_, context, "gtm.records.v1.RecordsService/Watch", request,
        [this, context](rpc::Call& call, const auto& q, const auto& write) {
          Sink sink(*context, write);
          return handler_.Watch(call, q, sink);
        });
  }
  grpc::ServerBidiReactor<Bytes, Bytes>* Import(Context* context) override {
    return rpc::RawBidiStream<v1::ImportRequest, v1::ImportResponse>::Start(
        gate_, context, "gtm.records.v1.RecordsService/Import", absl::InfiniteDuration(),
        [this](rpc::Call& call, ImportStream& stream) { return handler_.Import(call, stream); });
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
