#pragma once
// Makes one record from one row. Private to the importer.

#include <string>
#include <string_view>
#include <vector>

#include "services/gtm/import/block_binding.h"
#include "services/gtm/import/importer.h"

namespace gtm::importing {

class RowMaker {
 public:
  enum class Outcome {
    kMade,
    kNothing,   // the block's conditions do not hold
    kRejected,  // `rejections` say why
  };
  // All must outlive the maker.
  RowMaker(const RecordBlock& block, const BlockBinding& binding, const Mapping& mapping)
      : block_(block), binding_(binding), mapping_(mapping) {}

  // `cells` are those of the block's own file, normalized.
  Outcome Make(std::vector<std::string_view> cells, int64_t line, record::Record* record,
               std::vector<Rejection>* rejections);

 private:
  void AddJoins();
  void AddLedgers(int64_t line);
  // The text of a value after template, value map and default. False: rejected.
  bool Evaluate(const Value& value, std::string_view field, std::string* text);
  void Fill(const std::vector<Assignment>& fields, const std::string& prefix,
            google::protobuf::Message* message);
  void FillAppends(google::protobuf::Message* payload);
  void CheckHistories(const google::protobuf::Message& payload);
  void Reject(RejectReason reason, const Value* value, std::string_view field,
              std::string_view text, std::string description);

  const RecordBlock& block_;
  const BlockBinding& binding_;
  const Mapping& mapping_;
  std::vector<std::string_view> cells_;
  std::vector<Rejection>* rejections_ = nullptr;
};

}  // namespace gtm::importing
