#pragma once
// Accounts, contacts and opportunities between their messages, the compact bytes that
// a Book keeps, and the facts that it hands out.

#include <string>
#include <string_view>

#include "common/book/facts.h"
#include "common/book/names.h"
#include "common/book/record_heap.h"
#include "common/book/settings.h"
#include "gtm/crm/v1/account.pb.h"
#include "gtm/crm/v1/engagement.pb.h"
#include "gtm/crm/v1/opportunity.pb.h"

namespace gtm::book {

// Rows of records by id, and symbols of repeated words. A row may be given before its
// record arrives: whatever names the record finds it there later.
struct NameSet {
  Names accounts;
  Names contacts;
  Names opportunities;
  Names visitors;
  Names symbols;
  // TouchDetails as their bytes: few combinations occur, so a touch takes four bytes for four ids.
  Names details;
};

// Writes records as bytes; gives rows and symbols to what they name. What is returned
// lasts until the next call. For one thread.
class RecordEncoder {
 public:
  explicit RecordEncoder(NameSet* names) : names_(names) {}
  EncodedRecord Encode(const crm::v1::Account& account);
  EncodedRecord Encode(const crm::v1::Contact& contact);
  EncodedRecord Encode(const crm::v1::Opportunity& opportunity, const StageTable& stages);

 private:
  NameSet* names_;
  std::string fields_;
  std::string bytes_;
};

// Facts of encoded records; id and account are left to the caller. Spans point into
// the record, texts into the record or the names.
void Decode(const EncodedRecord& record, const NameSet& names, AccountFacts* facts);
void Decode(const EncodedRecord& record, const NameSet& names, ContactFacts* facts);
void Decode(const EncodedRecord& record, const NameSet& names, OpportunityFacts* facts);

// What else an engagement names, in both directions.
uint32_t DetailsOf(const crm::v1::Engagement& engagement, NameSet* names);
TouchDetails DetailsOf(const EngagementEvent& event, const NameSet& names);

std::span<const StageChange> DecodeStages(const EncodedRecord& opportunity);

// Gives the stages of an encoded opportunity their meaning anew. Returns how many
// entries the table does not know.
int ResolveStages(const StageTable& stages, std::span<StageChange> changes);
int CountUnknownStages(const StageTable& stages, std::span<const StageChange> changes);

absl::Time TimeOf(const google::protobuf::Timestamp& stamp);

}  // namespace gtm::book
