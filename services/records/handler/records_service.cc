#include "services/records/handler/records_service.h"

#include "common/rpc/gate.h"
#include "gtm/records/v1/service.grpc.pb.h"
#include "services/records/handler/records_handler.h"

namespace gtm::records::handler {
namespace {

using Service = v1::RecordsService;

// Unary methods by callback; Watch and Import stay synchronous.
using Base = Service::WithCallbackMethod_Commit<
    Service::WithCallbackMethod_BatchCommit<Service::WithCallbackMethod_Get<
        Service::WithCallbackMethod_BatchGet<Service::WithCallbackMethod_List<
            Service::WithCallbackMethod_ListHistory<Service::WithCallbackMethod_ErasePerson<
                Service::WithCallbackMethod_GetHead<Service::Service>>>>>>>>;

constexpr std::string_view kService = "gtm.records.v1.RecordsService";

class GrpcWatchSink final : public WatchSink {
 public:
  GrpcWatchSink(grpc::ServerContext* context, grpc::ServerWriter<v1::WatchResponse>* writer)
      : context_(context), writer_(writer) {}
  bool Write(const v1::WatchResponse& response) override { return writer_->Write(response); }
  void Cancel() override { context_->TryCancel(); }

 private:
  grpc::ServerContext* context_;
  grpc::ServerWriter<v1::WatchResponse>* writer_;
};

class GrpcImportStream final : public ImportStream {
 public:
  using Stream = grpc::ServerReaderWriter<v1::ImportResponse, v1::ImportRequest>;
  explicit GrpcImportStream(Stream* stream) : stream_(stream) {}
  bool Read(v1::ImportRequest* request) override { return stream_->Read(request); }
  bool Write(const v1::ImportResponse& response) override { return stream_->Write(response); }

 private:
  Stream* stream_;
};

class RecordsRpc final : public Base {
 public:
  RecordsRpc(rpc::Gate& gate, RecordsHandler& handler) : gate_(gate), handler_(handler) {}

  GTM_RPC_UNARY(Get, v1::GetRequest, v1::Record)
  GTM_RPC_UNARY(BatchGet, v1::BatchGetRequest, v1::BatchGetResponse)
  GTM_RPC_UNARY(List, v1::ListRequest, v1::ListResponse)
  GTM_RPC_UNARY(ListHistory, v1::ListHistoryRequest, v1::ListHistoryResponse)
  GTM_RPC_UNARY(ErasePerson, v1::ErasePersonRequest, v1::ErasePersonResponse)
  GTM_RPC_UNARY(GetHead, v1::GetHeadRequest, v1::GetHeadResponse)

  grpc::ServerUnaryReactor* Commit(grpc::CallbackServerContext* context,
                                   const v1::CommitRequest* request,
                                   v1::CommitResponse* response) override {
    return Write(context, "gtm.records.v1.RecordsService/Commit", request, response,
                 [this](auto call, const auto& q, auto* a, auto done) {
                   handler_.Commit(std::move(call), q, a, std::move(done));
                 });
  }
  grpc::ServerUnaryReactor* BatchCommit(grpc::CallbackServerContext* context,
                                        const v1::BatchCommitRequest* request,
                                        v1::BatchCommitResponse* response) override {
    return Write(context, "gtm.records.v1.RecordsService/BatchCommit", request, response,
                 [this](auto call, const auto& q, auto* a, auto done) {
                   handler_.BatchCommit(std::move(call), q, a, std::move(done));
                 });
  }
  grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
                     grpc::ServerWriter<v1::WatchResponse>* writer) override {
    return gate_.Stream(context, "gtm.records.v1.RecordsService/Watch", [&](rpc::Call& call) {
      GrpcWatchSink sink(context, writer);
      return handler_.Watch(call, *request, sink);
    });
  }
  grpc::Status Import(grpc::ServerContext* context, GrpcImportStream::Stream* stream) override {
    return gate_.Stream(context, "gtm.records.v1.RecordsService/Import", [&](rpc::Call& call) {
      GrpcImportStream import(stream);
      return handler_.Import(call, import);
    });
  }

 private:
  template <class Request, class Response, class Handler>
  grpc::ServerUnaryReactor* Write(grpc::CallbackServerContext* context, std::string_view method,
                                  const Request* request, Response* response, Handler handler) {
    return gate_.UnaryAsync(context, method, request, response, handler);
  }

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
      {"gtm.records.v1.RecordsService/Get", Role::kReader, Cost::kHeavy},
      {"gtm.records.v1.RecordsService/BatchGet", Role::kReader, Cost::kHeavy},
      {"gtm.records.v1.RecordsService/List", Role::kReader, Cost::kHeavy},
      {"gtm.records.v1.RecordsService/Watch", Role::kReader, Cost::kStream},
      {"gtm.records.v1.RecordsService/ListHistory", Role::kReader, Cost::kHeavy},
      {"gtm.records.v1.RecordsService/ErasePerson", Role::kAdmin, Cost::kHeavy},
      {"gtm.records.v1.RecordsService/GetHead", Role::kReader, Cost::kHeavy},
  };
  return kMethods;
}

}  // namespace gtm::records::handler
