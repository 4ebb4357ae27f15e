#include "common/rpc/wire_scan.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace gtm::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

// As deep as the parser goes.
constexpr int kDepthMax = 100;

class Scanner {
 public:
  Scanner(CodedInputStream* in, const ScanLimits& limits) : in_(*in), limits_(limits) {}

  // False where the bytes are no message or a limit is reached: then `error()` may say so.
  bool Scan(const Descriptor& type, int depth) {
    // Items of each list of this message; few lists have any.
    std::vector<std::pair<int, int>> counts;
    while (const uint32_t tag = in_.ReadTag()) {
      const int number = WireFormatLite::GetTagFieldNumber(tag);
      const FieldDescriptor* field = type.FindFieldByNumber(number);
      const size_t path_size = path_.size();
      if (field != nullptr) path_ += (depth == 0 ? "" : ".") + field->name();
      if (!ScanField(field, tag, depth, &counts)) return false;
      path_.resize(path_size);
    }
    return true;
  }
  std::optional<Error> error() && { return std::move(error_); }

 private:
  bool ScanField(const FieldDescriptor* field, uint32_t tag, int depth,
                 std::vector<std::pair<int, int>>* counts) {
    const bool is_list = field == nullptr || field->is_repeated();
    const auto wire = WireFormatLite::GetTagWireType(tag);
    if (wire != WireFormatLite::WIRETYPE_LENGTH_DELIMITED) {
      if (is_list && !Count(field, 1, counts)) return false;
      return WireFormatLite::SkipField(&in_, tag);
    }
    int size = 0;
    if (!in_.ReadVarintSizeAsInt(&size)) return false;
    const bool is_packed = field != nullptr && field->is_packable();
    if (is_list && !is_packed && !Count(field, 1, counts)) return false;
    if (field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE) {
      if (depth == kDepthMax) return false;
      const auto limit = in_.PushLimit(size);
      if (!Scan(*field->message_type(), depth + 1)) return false;
      const bool is_whole = in_.BytesUntilLimit() == 0;
      in_.PopLimit(limit);
      return is_whole;
    }
    if (is_packed) return ScanPacked(*field, size, counts);
    return in_.Skip(size);
  }

  bool ScanPacked(const FieldDescriptor& field, int size,
                  std::vector<std::pair<int, int>>* counts) {
    switch (WireFormatLite::WireTypeForFieldType(
        static_cast<WireFormatLite::FieldType>(field.type()))) {
      case WireFormatLite::WIRETYPE_FIXED32:
        return Count(&field, size / 4, counts) && in_.Skip(size);
      case WireFormatLite::WIRETYPE_FIXED64:
        return Count(&field, size / 8, counts) && in_.Skip(size);
      default:
        break;
    }
    const auto limit = in_.PushLimit(size);
    uint64_t ignored = 0;
    while (in_.BytesUntilLimit() > 0) {
      if (!Count(&field, 1, counts) || !in_.ReadVarint64(&ignored)) return false;
    }
    in_.PopLimit(limit);
    return true;
  }

  // Unknown fields count as one list: they are kept, too.
  bool Count(const FieldDescriptor* field, int items, std::vector<std::pair<int, int>>* counts) {
    const int number = field == nullptr ? 0 : field->number();
    auto at = counts->begin();
    while (at != counts->end() && at->first != number) ++at;
    if (at == counts->end()) at = counts->insert(at, {number, 0});
    at->second += items;
    items_ += items;
    if (at->second > limits_.list_items_max) {
      Refuse(fmt::format("more than {} items; send fewer in a call", limits_.list_items_max));
      return false;
    }
    if (items_ > limits_.message_items_max) {
      Refuse(fmt::format("with it the message has more than {} items in all; send less in a call",
                         limits_.message_items_max));
      return false;
    }
    return true;
  }

  void Refuse(std::string why) {
    error_ = InvalidField(path_.empty() ? "(unknown fields)" : path_, std::move(why));
  }

  CodedInputStream& in_;
  const ScanLimits limits_;
  std::string path_;
  int items_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Status ScanMessage(google::protobuf::io::ZeroCopyInputStream* bytes, const Descriptor& type,
                   const ScanLimits& limits) {
  CodedInputStream in(bytes);
  Scanner scanner(&in, limits);
  (void)scanner.Scan(type, 0);
  if (auto error = std::move(scanner).error()) return std::move(*error);
  return {};
}

}  // namespace gtm::rpc
