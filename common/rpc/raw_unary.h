#pragma once
// Unary calls on the bytes themselves. With the callback API of gRPC 1.51 a message that
// cannot be parsed is answered UNIMPLEMENTED, and maps are sent in any order; here it is
// MALFORMED_MESSAGE, and equal answers are equal bytes.

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/rpc/gate.h"
#include "common/rpc/wire_scan.h"

namespace gtm::rpc {

// Errors: MALFORMED_MESSAGE; INVALID_FIELDS for a list that is beyond every limit.
template <class Message>
Status ParseBytes(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::Slice slice;
  if (bytes.Length() <= static_cast<size_t>(limits::kScanBytesMin) &&
      bytes.TrySingleSlice(&slice).ok() &&
      message->ParseFromArray(slice.begin(), static_cast<int>(slice.size()))) {
    return {};
  }
  grpc::ByteBuffer copy(bytes);  // shares the slices
  if (copy.Length() > static_cast<size_t>(limits::kScanBytesMin)) {
    grpc::ProtoBufferReader reader(&copy);
    GTM_RETURN_IF_ERROR(ScanMessage(&reader, *Message::descriptor()));
  }
  if (grpc::SerializationTraits<Message>::Deserialize(&copy, message).ok()) return {};
  return Error(Reason::MALFORMED_MESSAGE,
               "the message is not well-formed: the bytes received are no " +
                   std::string(Message::descriptor()->full_name()) +
                   "; send the message of the contract, text as UTF-8");
}

// Equal messages give equal bytes. One slice of the exact size.
template <class Message>
void WriteBytes(const Message& message, grpc::ByteBuffer* bytes) {
  const auto size = static_cast<int>(message.ByteSizeLong());
  grpc_slice slice = grpc_slice_malloc(static_cast<size_t>(size));
  {
    google::protobuf::io::ArrayOutputStream writer(GRPC_SLICE_START_PTR(slice), size);
    google::protobuf::io::CodedOutputStream out(&writer);
    out.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&out);  // computed just now
  }
  const grpc::Slice whole(slice, grpc::Slice::STEAL_REF);
  *bytes = grpc::ByteBuffer(&whole, 1);
}

// Keeps what the audit log tells of a call that writes.
template <class Request>
void NoteRequest(const Request& request, Call* call) {
  if constexpr (requires { request.validate_only(); }) {
    if (request.validate_only()) return;
  }
  if constexpr (requires { request.request_id(); }) call->request_id = request.request_id();
}
template <class Response>
void NoteAnswer(const Response& response, Call* call) {
  if constexpr (requires { response.revision(); }) {
    if (!call->request_id.empty()) call->revision = response.revision();
  }
}

// Where the messages of a call live: one block of memory and a few more for large answers,
// instead of an allocation a field that is scattered among what Books keep for long.
constexpr size_t kArenaBlockBytes = 4 << 10;
// Of an answer written as bytes, what a thread keeps for the next one.
constexpr size_t kAnswerBytesKept = 256 << 10;
inline google::protobuf::ArenaOptions MessageArena() {
  google::protobuf::ArenaOptions options;
  options.start_block_size = kArenaBlockBytes;
  options.max_block_size = 256 << 10;
  return options;
}

// As Gate::Unary, for WithRawCallbackMethod_X.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* RawUnary(Gate& gate, grpc::CallbackServerContext* context,
                                   std::string_view method, const grpc::ByteBuffer* request,
                                   grpc::ByteBuffer* response, Handler handler) {
  return gate.Unary(
      context, method, request, response,
      [handler](Call& call, const grpc::ByteBuffer& q, grpc::ByteBuffer* a) -> Status {
        // Small calls need no memory but this.
        alignas(std::max_align_t) char block[kArenaBlockBytes];
        google::protobuf::ArenaOptions options = MessageArena();
        options.initial_block = block;
        options.initial_block_size = sizeof(block);
        google::protobuf::Arena arena(options);
        auto* const parsed = google::protobuf::Arena::CreateMessage<Request>(&arena);
        auto* const answer = google::protobuf::Arena::CreateMessage<Response>(&arena);
        GTM_RETURN_IF_ERROR(ParseBytes(q, parsed));
        NoteRequest(*parsed, &call);
        GTM_RETURN_IF_ERROR(handler(call, *parsed, answer));
        NoteAnswer(*answer, &call);
        WriteBytes(*answer, a);
        return {};
      });
}

// As RawUnary, for small requests that are asked often: the handler appends the bytes of its
// response to a text.
template <class Request, class Handler>
grpc::ServerUnaryReactor* RawUnaryBytes(Gate& gate, grpc::CallbackServerContext* context,
                                        std::string_view method, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response, Handler handler) {
  return gate.Unary(
      context, method, request, response,
      [handler](Call& call, const grpc::ByteBuffer& q, grpc::ByteBuffer* a) -> Status {
        // Kept by the thread, so that answers are not written into memory that grows; not by
        // a thread that once had a large answer.
        thread_local std::string bytes;
        bytes.clear();
        Request parsed;
        GTM_RETURN_IF_ERROR(ParseBytes(q, &parsed));
        GTM_RETURN_IF_ERROR(handler(call, parsed, &bytes));
        const grpc::Slice slice(bytes.data(), bytes.size());
        *a = grpc::ByteBuffer(&slice, 1);
        if (bytes.capacity() > kAnswerBytesKept) std::string().swap(bytes);
        return {};
      });
}

// As Gate::UnaryAsync, for WithRawCallbackMethod_X.
template <class Request, class Response, class Handler>
grpc::ServerUnaryReactor* RawUnaryAsync(Gate& gate, grpc::CallbackServerContext* context,
                                        std::string_view method, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response, Handler handler) {
  struct Messages {
    google::protobuf::Arena arena{MessageArena()};
    Request* const request = google::protobuf::Arena::CreateMessage<Request>(&arena);
    Response* const response = google::protobuf::Arena::CreateMessage<Response>(&arena);
  };
  return gate.UnaryAsync(
      context, method, request, response,
      [handler](std::shared_ptr<Call> call, const grpc::ByteBuffer& q, grpc::ByteBuffer* a,
                Gate::Done done) {
        auto messages = std::make_shared<Messages>();
        if (Status parsed = ParseBytes(q, messages->request); !parsed.ok()) {
          return done(std::move(parsed));
        }
        NoteRequest(*messages->request, call.get());
        Gate::Done answered = [messages, call, a, done = std::move(done)](Status status) {
          if (status.ok()) NoteAnswer(*messages->response, call.get());
          if (status.ok()) WriteBytes(*messages->response, a);
          done(std::move(status));
        };
        handler(std::move(call), *messages->request, messages->response, std::move(answered));
      });
}

// Mixed<Service, A, B> is A<B<Service>>: the base of a binding class, with generated
// mixins such as TargetingService::WithRawCallbackMethod_ScoreAccount.
template <class Service, template <class> class... Methods>
struct MixedBase {
  using Type = Service;
};
template <class Service, template <class> class First, template <class> class... Rest>
struct MixedBase<Service, First, Rest...> {
  using Type = First<typename MixedBase<Service, Rest...>::Type>;
};
template <class Service, template <class> class... Methods>
using Mixed = typename MixedBase<Service, Methods...>::Type;

}  // namespace gtm::rpc

// One line a unary method in a binding class over Mixed that has `kService`, `gate_` and
// `handler_` (see any services/*/handler/*_service.cc); the second for handlers that append
// the bytes of their response.
#define GTM_RPC_UNARY(Method, Request, Response) \
  GTM_RPC_UNARY_BY((::gtm::rpc::RawUnary<Request, Response>), Method, Request, Response)
#define GTM_RPC_UNARY_BYTES(Method, Request) \
  GTM_RPC_UNARY_BY((::gtm::rpc::RawUnaryBytes<Request>), Method, Request, std::string)
#define GTM_RPC_UNARY_BY(serve, Method, Request, Answer)                                        \
  grpc::ServerUnaryReactor* Method(grpc::CallbackServerContext* context,                        \
                                   const grpc::ByteBuffer* request, grpc::ByteBuffer* response) \
      override {                                                                                \
    static const std::string method = std::string(kService) + "/" #Method;                      \
    return serve(gate_, context, method, request, response,                                     \
                 [this](::gtm::rpc::Call& call, const Request& q, Answer* a) {                  \
                   return handler_.Method(call, q, a);                                          \
                 });                                                                            \
  }
