#pragma once
// A look at a message's bytes before it is parsed: lists of millions of items that take two
// bytes each on the wire would take a hundred times as much in memory.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include "common/core/limits.h"
#include "common/core/result.h"

namespace gtm::rpc {

struct ScanLimits {
  int list_items_max = limits::kListItemsMax;        // of one list, or unknown fields
  int message_items_max = limits::kMessageItemsMax;  // of all lists, and unknown fields
};

// Error: INVALID_FIELDS with the list ("mutations.put.account.technologies"). Bytes that are
// no such message are left to the parser.
Status ScanMessage(google::protobuf::io::ZeroCopyInputStream* bytes,
                   const google::protobuf::Descriptor& type, const ScanLimits& limits = {});

}  // namespace gtm::rpc
