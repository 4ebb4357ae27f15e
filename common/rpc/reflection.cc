#include "common/rpc/reflection.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/impl/server_builder_plugin.h>
#include <grpcpp/impl/server_initializer.h>

#include <atomic>
#include <set>
#include <string>
#include <vector>

#include "common/rpc/raw_unary.h"
#include "common/rpc/status.h"
#include "grpc/health/v1/health.pb.h"
#include "grpc/reflection/v1/reflection.grpc.pb.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"

namespace gtm::rpc {
namespace {

namespace v1 = grpc::reflection::v1;  // v1alpha has the same messages, byte for byte
using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using Bytes = grpc::ByteBuffer;
using Reactor = grpc::ServerBidiReactor<Bytes, Bytes>;
// What is served is known when the server starts, after its services have been made.
using ServiceNames = std::atomic<const std::vector<std::string>*>;

// Health is served by gRPC from a contract that is not in the pool; this puts it there.
const DescriptorPool& Pool() {
  (void)grpc::health::v1::HealthCheckRequest::descriptor();
  return *DescriptorPool::generated_pool();
}

void SetError(grpc::StatusCode code, std::string message, v1::ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(code);
  response->mutable_error_response()->set_error_message(std::move(message));
}

// The file and what it imports, each once, importing files first.
void AddFile(const FileDescriptor& file, std::set<const FileDescriptor*>* added,
             v1::FileDescriptorResponse* response) {
  if (!added->insert(&file).second) return;
  google::protobuf::FileDescriptorProto proto;
  file.CopyTo(&proto);
  proto.SerializeToString(response->add_file_descriptor_proto());
  for (int i = 0; i < file.dependency_count(); ++i) AddFile(*file.dependency(i), added, response);
}

void SetFile(const FileDescriptor* file, const std::string& asked,
             v1::ServerReflectionResponse* response) {
  if (file == nullptr) {
    return SetError(grpc::NOT_FOUND, fmt::format("{}: not part of the contract", asked), response);
  }
  std::set<const FileDescriptor*> added;
  AddFile(*file, &added, response->mutable_file_descriptor_response());
}

void SetFileOfExtension(const v1::ExtensionRequest& asked, v1::ServerReflectionResponse* response) {
  const Descriptor* type = Pool().FindMessageTypeByName(asked.containing_type());
  const FieldDescriptor* extension =
      type == nullptr ? nullptr : Pool().FindExtensionByNumber(type, asked.extension_number());
  SetFile(extension == nullptr ? nullptr : extension->file(),
          fmt::format("extension {} of {}", asked.extension_number(), asked.containing_type()),
          response);
}

void SetExtensionNumbers(const std::string& name, v1::ServerReflectionResponse* response) {
  const Descriptor* type = Pool().FindMessageTypeByName(name);
  if (type == nullptr) {
    return SetError(grpc::NOT_FOUND, fmt::format("{}: no message of the contract", name), response);
  }
  auto* numbers = response->mutable_all_extension_numbers_response();
  numbers->set_base_type_name(type->full_name());
  std::vector<const FieldDescriptor*> extensions;
  Pool().FindAllExtensions(type, &extensions);
  for (const FieldDescriptor* extension : extensions) {
    numbers->add_extension_number(extension->number());
  }
}

void Answer(const v1::ServerReflectionRequest& request, const ServiceNames& names,
            v1::ServerReflectionResponse* response) {
  using Question = v1::ServerReflectionRequest;
  response->set_valid_host(request.host());
  *response->mutable_original_request() = request;
  switch (request.message_request_case()) {
    case Question::kFileByFilename:
      return SetFile(Pool().FindFileByName(request.file_by_filename()), request.file_by_filename(),
                     response);
    case Question::kFileContainingSymbol:
      return SetFile(Pool().FindFileContainingSymbol(request.file_containing_symbol()),
                     request.file_containing_symbol(), response);
    case Question::kFileContainingExtension:
      return SetFileOfExtension(request.file_containing_extension(), response);
    case Question::kAllExtensionNumbersOfType:
      return SetExtensionNumbers(request.all_extension_numbers_of_type(), response);
    case Question::kListServices: {
      auto* list = response->mutable_list_services_response();
      const std::vector<std::string>* served = names.load();
      if (served == nullptr) return;  // asked in the instant of the start
      for (const auto& name : std::set<std::string>(served->begin(), served->end())) {
        list->add_service()->set_name(name);
      }
      return;
    }
    case Question::MESSAGE_REQUEST_NOT_SET:
      return SetError(grpc::INVALID_ARGUMENT, "nothing is asked; set one field of message_request",
                      response);
  }
}

// One stream of questions, answered one after the other. Owns itself.
class Stream final : public Reactor {
 public:
  explicit Stream(const ServiceNames& names) : names_(names) { StartRead(&question_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::OK);
    v1::ServerReflectionRequest request;
    if (const Status parsed = ParseBytes(question_, &request); !parsed.ok()) {
      return Finish(ToGrpcStatus(parsed.error(), "platform.gtm"));
    }
    v1::ServerReflectionResponse response;
    Answer(request, names_, &response);
    answer_.Clear();
    WriteBytes(response, &answer_);
    StartWrite(&answer_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    StartRead(&question_);
  }
  void OnDone() override { delete this; }

 private:
  const ServiceNames& names_;
  Bytes question_;
  Bytes answer_;
};

template <class Base>
class Rpc final : public Base {
 public:
  explicit Rpc(const ServiceNames& names) : names_(names) {}
  Reactor* ServerReflectionInfo(grpc::CallbackServerContext*) override {
    return new Stream(names_);
  }

 private:
  const ServiceNames& names_;
};

template <class Service>
using RpcOf = Rpc<typename Service::template WithRawCallbackMethod_ServerReflectionInfo<
    typename Service::Service>>;

// Learns what is served.
class Plugin final : public grpc::ServerBuilderPlugin {
 public:
  explicit Plugin(ServiceNames& names) : names_(names) {}
  std::string name() override { return "gtm.reflection"; }
  void InitServer(grpc::ServerInitializer*) override {}
  void Finish(grpc::ServerInitializer* server) override { names_ = server->GetServiceList(); }
  void ChangeArguments(const std::string&, void*) override {}

 private:
  ServiceNames& names_;
};

class AddPlugin final : public grpc::ServerBuilderOption {
 public:
  explicit AddPlugin(ServiceNames& names) : names_(names) {}
  void UpdateArguments(grpc::ChannelArguments*) override {}
  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    plugins->push_back(std::make_unique<Plugin>(names_));
  }

 private:
  ServiceNames& names_;
};

}  // namespace

struct Reflection::Parts {
  ServiceNames names{nullptr};
  RpcOf<grpc::reflection::v1::ServerReflection> stable{names};
  RpcOf<grpc::reflection::v1alpha::ServerReflection> alpha{names};
};

Reflection::Reflection() : parts_(std::make_unique<Parts>()) {}
Reflection::~Reflection() = default;

void Reflection::AddTo(grpc::ServerBuilder* builder) {
  builder->RegisterService(&parts_->stable);
  builder->RegisterService(&parts_->alpha);
  builder->SetOption(std::make_unique<AddPlugin>(parts_->names));
}

}  // namespace gtm::rpc
