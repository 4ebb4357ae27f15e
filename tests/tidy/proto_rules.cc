#include "tests/tidy/proto_rules.h"

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <sstream>
#include <string_view>
#include <utility>

namespace gtm::tidy {
namespace {

namespace fs = std::filesystem;
namespace pb = google::protobuf;

// A folder of its own, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "gtm_tidy_XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string Read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// "gtm/x/v1/a.proto:3:9: Expected ..." as a finding.
Finding ErrorOf(const std::string& line) {
  static const std::regex pattern("([^:]+):([0-9]+):[0-9]+: (.*)");
  std::smatch match;
  if (!std::regex_match(line, match, pattern)) return {"protos", 0, line};
  return {"protos/" + match[1].str(), std::stoi(match[2]), match[3]};
}

// The descriptors with comments; nothing, and findings, where protoc refuses.
std::optional<pb::FileDescriptorSet> Compile(const ProtoTree& protos, const std::string& protoc,
                                             Findings* findings) {
  const TemporaryFolder folder;
  std::string names;
  for (const auto& [name, text] : protos) {
    const fs::path path = folder.path() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    names += fmt::format(" '{}'", name);
  }
  const std::string command = fmt::format(
      "cd '{0}' && '{1}' -I. --include_imports --include_source_info --descriptor_set_out=out{2} "
      "2>errors",
      folder.path().string(), protoc, names);
  if (std::system(command.c_str()) != 0) {
    std::istringstream errors(Read(folder.path() / "errors"));
    for (std::string line; std::getline(errors, line);) findings->push_back(ErrorOf(line));
    if (findings->empty()) findings->push_back({"protos", 0, "protoc failed without a word"});
    return std::nullopt;
  }
  pb::FileDescriptorSet set;
  if (!set.ParseFromString(Read(folder.path() / "out"))) return std::nullopt;
  return set;
}

class Checker {
 public:
  explicit Checker(Findings* findings) : findings_(findings) {}

  void Check(const pb::FileDescriptor& file) {
    for (int i = 0; i < file.message_type_count(); ++i) Check(*file.message_type(i));
    for (int i = 0; i < file.enum_type_count(); ++i) Check(*file.enum_type(i));
    for (int i = 0; i < file.service_count(); ++i) Check(*file.service(i));
    for (int i = 0; i < file.extension_count(); ++i) CheckComment(*file.extension(i));
  }

 private:
  static bool Matches(const std::string& name, const char* pattern) {
    return std::regex_match(name, std::regex(pattern));
  }

  template <class Descriptor>
  static std::string CommentOf(const Descriptor& descriptor) {
    pb::SourceLocation location;
    if (!descriptor.GetSourceLocation(&location)) return "";
    return location.leading_comments + location.trailing_comments;
  }

  template <class Descriptor>
  void Add(const Descriptor& descriptor, std::string_view text) {
    pb::SourceLocation location;
    const int line = descriptor.GetSourceLocation(&location) ? location.start_line + 1 : 0;
    findings_->push_back({"protos/" + FileOf(descriptor).name(), line,
                          fmt::format("{}: {}", descriptor.full_name(), text)});
  }

  template <class Descriptor>
  static const pb::FileDescriptor& FileOf(const Descriptor& descriptor) {
    return *descriptor.file();
  }
  static const pb::FileDescriptor& FileOf(const pb::EnumValueDescriptor& value) {
    return *value.type()->file();
  }
  static const pb::FileDescriptor& FileOf(const pb::MethodDescriptor& method) {
    return *method.service()->file();
  }

  template <class Descriptor>
  void CheckComment(const Descriptor& descriptor) {
    if (CommentOf(descriptor).find_first_not_of(" \n") == std::string::npos) {
      Add(descriptor, "has no comment");
    }
  }

  void Check(const pb::Descriptor& message) {
    if (message.options().map_entry()) return;
    CheckComment(message);
    if (!Matches(message.name(), "([A-Z][a-z0-9]*)+")) Add(message, "messages are PascalCase");
    for (int i = 0; i < message.field_count(); ++i) Check(*message.field(i));
    for (int i = 0; i < message.nested_type_count(); ++i) Check(*message.nested_type(i));
    for (int i = 0; i < message.enum_type_count(); ++i) Check(*message.enum_type(i));
  }

  void Check(const pb::FieldDescriptor& field) {
    // The comment of a oneof may stand for its members.
    const pb::OneofDescriptor* oneof = field.real_containing_oneof();
    if (oneof == nullptr || CommentOf(*oneof).empty()) CheckComment(field);
    if (!Matches(field.name(), "[a-z][a-z0-9]*(_[a-z0-9]+)*")) Add(field, "fields are snake_case");
    if (field.name().rfind("is_", 0) == 0) Add(field, "leave out is_ (AIP-140)");
    switch (field.type()) {
      case pb::FieldDescriptor::TYPE_UINT32:
      case pb::FieldDescriptor::TYPE_UINT64:
      case pb::FieldDescriptor::TYPE_FIXED32:
      case pb::FieldDescriptor::TYPE_FIXED64:
        Add(field, "no unsigned numbers (AIP-141)");
        break;
      default:
        break;
    }
  }

  // "SignalStatus" -> "SIGNAL_STATUS_".
  static std::string PrefixOf(const std::string& name) {
    std::string prefix;
    for (const char c : name) {
      const bool upper = c >= 'A' && c <= 'Z';
      if (upper && !prefix.empty()) prefix += '_';
      prefix += upper ? c : static_cast<char>(c - ('a' - 'A'));
    }
    return prefix + "_";
  }

  void Check(const pb::EnumDescriptor& type) {
    CheckComment(type);
    const std::string prefix = PrefixOf(type.name());
    // ErrorReason is read by people in ErrorInfo.reason, where a prefix says nothing.
    const bool bare = type.name() == "ErrorReason";
    for (int i = 0; i < type.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *type.value(i);
      CheckComment(value);
      if (!Matches(value.name(), "[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")) {
        Add(value, "values are UPPER_SNAKE");
      }
      if (value.name().rfind(prefix, 0) != 0 && !bare) {
        Add(value, fmt::format("values begin with {}", prefix));
      }
    }
    if (type.value(0)->number() != 0 || type.value(0)->name() != prefix + "UNSPECIFIED") {
      Add(type, fmt::format("the zero value is {}UNSPECIFIED", prefix));
    }
  }

  void Check(const pb::ServiceDescriptor& service) {
    CheckComment(service);
    if (!Matches(service.name(), "([A-Z][a-z0-9]*)+Service")) {
      Add(service, "services are PascalCase and end in Service");
    }
    for (int i = 0; i < service.method_count(); ++i) {
      const pb::MethodDescriptor& method = *service.method(i);
      CheckComment(method);
      if (method.input_type()->name() != method.name() + "Request") {
        Add(method, fmt::format("takes {}Request", method.name()));
      }
      const std::string& output = method.output_type()->name();
      const bool is_pair = output == method.name() + "Response";
      // A resource (or Empty) may be returned bare; another method's pair may not.
      const bool foreign = Matches(output, ".*(Request|Response)");
      if (!is_pair && foreign) {
        Add(method, fmt::format("returns {}Response or a resource", method.name()));
      }
    }
  }

  Findings* findings_;
};

}  // namespace

Findings CheckProtos(const ProtoTree& protos, const std::string& protoc) {
  Findings findings;
  const std::optional<pb::FileDescriptorSet> set = Compile(protos, protoc, &findings);
  if (!set) return findings;
  pb::DescriptorPool pool;
  Checker checker(&findings);
  for (const pb::FileDescriptorProto& proto : set->file()) {
    const pb::FileDescriptor* file = pool.BuildFile(proto);
    if (file == nullptr) {
      findings.push_back({"protos/" + proto.name(), 0, "does not build"});
    } else if (proto.name().rfind("gtm/", 0) == 0) {
      checker.Check(*file);
    }
  }
  return findings;
}

}  // namespace gtm::tidy
