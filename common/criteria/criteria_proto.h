#pragma once
// Between gtm.type.v1 messages and values. Apart, so that scoring needs no protobuf.

#include <vector>

#include "common/criteria/criteria.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "gtm/type/v1/criteria.pb.h"

namespace gtm::criteria {

std::vector<Criterion> FromProto(
    const google::protobuf::RepeatedPtrField<type::v1::Criterion>& criteria);
type::v1::Criterion ToProto(const Criterion& criterion);
type::v1::Score ToProto(const ExplainedScore& score);
// The same in place, without a copy where `out` lives on an arena. `out` is empty.
void ToProto(const ExplainedScore& score, type::v1::Score* out);

}  // namespace gtm::criteria
