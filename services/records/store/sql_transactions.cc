#include "services/records/store/sql_transactions.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/records/store/sql_rows.h"
#include "services/records/store/statements.h"

namespace gtm::records::store {
namespace {

// Locks the tenant's head for the rest of the transaction and runs what else is queued;
// the head is the first of the rows. Makes the head where this is the tenant's first
// write: then `queue` is called again.
template <class Queue>
Result<std::vector<Rows>> LockHead(Session& session, const TenantId& tenant, Queue queue) {
  session.Begin();
  session.Add(sql::kLockHead, {Text(tenant)});
  queue();
  GTM_ASSIGN_OR_RETURN(auto rows, session.Run());
  if (rows[0].size() == 1) return rows;
  session.Add(sql::kMakeHead, {Text(tenant)});
  session.Add(sql::kLockHead, {Text(tenant)});
  queue();
  GTM_ASSIGN_OR_RETURN(rows, session.Run());
  rows.erase(rows.begin());
  if (rows[0].size() != 1) return StoreDamaged("no row for tenant '' in tenant_head");
  return rows;
}

Result<GroupState> LoadGroup(Session& session, const TenantId& tenant, const GroupKeys& keys) {
  GTM_ASSIGN_OR_RETURN(
      const auto rows, LockHead(session, tenant, [&] {
        if (!keys.keys.empty()) {
          session.AddRows(sql::kFindObjects, Text(tenant), KeyColumns(std::span(keys.keys)));
        }
        if (!keys.deleted.empty()) {
          session.AddRows(sql::kFindBodies, Text(tenant), KeyColumns(std::span(keys.deleted)));
        }
        if (!keys.request_ids.empty()) {
          session.AddRows(sql::kFindRequests, Text(tenant),
                          {TextColumn(keys.request_ids.begin(), keys.request_ids.end())});
        }
      }));
  GroupState state;
  size_t at = 0;
  state.head = HeadFrom(rows[at++], 0);
  if (!keys.keys.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 2)) continue;
      ObjectRow row{
          found.Int(i, 2), static_cast<int>(found.Int(i, 3)), {}, found.Int(i, 5), found.Int(i, 6)};
      const std::string_view digest = found.Text(i, 4);
      if (digest.size() != row.digest.size()) return StoreDamaged("a digest of a wrong size");
      std::copy(digest.begin(), digest.end(), row.digest.begin());
      state.objects.emplace_hint(state.objects.end(),  // they come in this order
                                 Key{static_cast<int>(found.Int(i, 0)), found.String(i, 1)}, row);
    }
  }
  if (!keys.deleted.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 2)) continue;
      state.bodies.emplace(Key{static_cast<int>(found.Int(i, 0)), found.String(i, 1)},
                           found.String(i, 2));
    }
  }
  if (!keys.request_ids.empty()) {
    const Rows& found = rows[at++];
    for (size_t i = 0; i < found.size(); ++i) {
      if (found.IsNull(i, 1)) continue;
      GTM_ASSIGN_OR_RETURN(StoredRequest request, RequestFrom(found, i));
      state.requests.emplace(found.String(i, 0), std::move(request));
    }
  }
  return state;
}

void SavePlan(Session& session, const TenantId& tenant, const GroupPlan& plan, int64_t now_us) {
  IntColumn kinds, seqs, ords, ops, created, updated, removed_kinds;
  TextColumn ids, actors, request_ids, removed_ids;
  BytesColumn digests, bodies;
  for (const auto& [key, row] : plan.objects) {
    if (!row) {
      removed_kinds.push_back(key->kind);
      removed_ids.push_back(key->id);
      continue;
    }
    kinds.push_back(key->kind);
    ids.push_back(key->id);
    seqs.push_back(row->seq);
    ords.push_back(row->ord);
    digests.values.emplace_back(row->digest.data(), row->digest.size());
    created.push_back(row->create_time_us);
    updated.push_back(row->update_time_us);
  }
  if (!kinds.empty()) {
    session.AddRows(sql::kPutObjects, Text(tenant),
                    {std::exchange(kinds, {}), std::exchange(ids, {}), std::exchange(seqs, {}),
                     std::exchange(ords, {}), std::move(digests), std::exchange(created, {}),
                     std::move(updated)});
  }
  if (!removed_kinds.empty()) {
    session.AddRows(sql::kRemoveObjects, Text(tenant),
                    {std::move(removed_kinds), std::move(removed_ids)});
  }
  for (const LogRow& row : plan.log) {
    seqs.push_back(row.seq);
    ords.push_back(row.ord);
    kinds.push_back(row.key->kind);
    ids.push_back(row.key->id);
    ops.push_back(static_cast<int64_t>(row.operation));
    bodies.values.push_back(row.body);
    actors.push_back(row.actor);
    request_ids.push_back(row.request_id);
    created.push_back(row.create_time_us);
  }
  if (!seqs.empty()) {
    IntColumn committed(seqs.size(), plan.commit_time_us);
    session.AddRows(sql::kAddChanges, Text(tenant),
                    {std::move(seqs), std::move(ords), std::move(kinds), std::move(ids),
                     std::move(ops), std::move(bodies), std::move(actors), std::move(request_ids),
                     std::move(created), std::move(committed)});
    session.Add(sql::kMoveHead, {Text(tenant), plan.seq, plan.commit_time_us});
  }
  if (plan.requests.empty()) return;
  TextColumn names, methods;
  BytesColumn fingerprints, responses;
  for (const RequestRow& row : plan.requests) {
    names.push_back(row.request_id);
    methods.push_back(row.method);
    fingerprints.values.push_back(row.fingerprint);
    responses.values.push_back(row.response);
  }
  IntColumn expires(names.size(), now_us + kRequestKeepUs);
  session.AddRows(sql::kAddRequests, Text(tenant),
                  {std::move(names), std::move(methods), std::move(fingerprints),
                   std::move(responses), std::move(expires)});
}

}  // namespace

Result<std::vector<Result<WriteOutcome>>> WriteGroup(Session& session, const TenantId& tenant,
                                                     std::span<const WriteRequest> requests,
                                                     const GroupKeys& keys, int64_t now_us,
                                                     const StoreOptions& options) {
  GTM_ASSIGN_OR_RETURN(const GroupState state, LoadGroup(session, tenant, keys));
  GroupPlan plan = DecideGroup(requests, state, now_us, options);
  SavePlan(session, tenant, plan, now_us);
  session.Commit();
  const auto done = session.Run();
  if (!done.ok()) return done.error();
  return std::move(plan.results);
}

Result<CompactResult> CompactWindow(Session& session, const TenantId& tenant, int64_t up_to_seq,
                                    int max_rows) {
  GTM_ASSIGN_OR_RETURN(const auto locked, LockHead(session, tenant, [] {}));
  const HeadRow head = HeadFrom(locked[0], 0);
  const int64_t goal = std::min(up_to_seq, head.head.seq);
  CompactResult result{head.head, 0, true};
  if (goal <= head.head.compacted_seq) return result;
  const int64_t begin = head.head.compacted_seq;
  session.Add(sql::kReadWindow, {Text(tenant), begin, goal, int64_t{std::max(max_rows, 1)}});
  GTM_ASSIGN_OR_RETURN(const auto windows, session.Run());
  const Rows& window = windows[0];
  const bool is_full = window.size() >= static_cast<size_t>(std::max(max_rows, 1));
  const int64_t end = is_full ? window.Int(window.size() - 1, 0) : goal;
  // A seq that the window cut is walked to its end.
  session.Add(sql::kReadWindow, {Text(tenant), end - 1, end, INT64_MAX});
  GTM_ASSIGN_OR_RETURN(const auto tails, session.Run());
  std::map<Key, int64_t> latest;
  for (const Rows* part : {&window, &tails[0]}) {
    for (size_t i = 0; i < part->size(); ++i) {
      latest[{static_cast<int>(part->Int(i, 3)), part->String(i, 4)}] = part->Int(i, 0);
    }
  }
  IntColumn kinds, seqs;
  TextColumn ids;
  for (const auto& [key, seq] : latest) {
    kinds.push_back(key.kind);
    ids.push_back(key.id);
    seqs.push_back(seq);
  }
  session.Add(sql::kCommitTime, {Text(tenant), end});
  if (!kinds.empty()) {
    session.AddRows(sql::kDeleteSuperseded, Text(tenant),
                    {std::move(kinds), std::move(ids), std::move(seqs)});
  }
  session.Add(sql::kDeleteDeletions, {Text(tenant), begin, end});
  GTM_ASSIGN_OR_RETURN(const auto rows, session.Run());
  if (rows[0].size() == 0) return StoreDamaged(fmt::format("change {} is missing", end));
  session.Add(sql::kMoveCompacted, {Text(tenant), end, rows[0].Int(0, 0)});
  session.Commit();
  GTM_ASSIGN_OR_RETURN(const auto moved, session.Run());
  result.head.compacted_seq = end;
  for (const Rows& part : rows) result.deleted_rows += part.affected();
  result.done = end >= goal;
  return result;
}

Result<WriteOutcome> EraseVersions(Session& session, const TenantId& tenant,
                                   const EraseRequest& request, int64_t now_us) {
  IntColumn seqs, ords;
  std::map<Position, const Rewrite*> rewrites;
  for (const Rewrite& rewrite : request.rewrites) {
    seqs.push_back(rewrite.seq);
    ords.push_back(rewrite.ord);
    rewrites[{rewrite.seq, rewrite.ord}] = &rewrite;
  }
  GTM_ASSIGN_OR_RETURN(const auto rows, LockHead(session, tenant, [&] {
                         session.AddRows(sql::kFindRequests, Text(tenant),
                                         {TextColumn{request.request_id}});
                         if (!seqs.empty())
                           session.AddRows(sql::kFindVersions, Text(tenant), {seqs, ords});
                       }));
  if (!request.request_id.empty() && !rows[1].IsNull(0, 1)) {
    GTM_ASSIGN_OR_RETURN(const StoredRequest known, RequestFrom(rows[1], 0));
    return RecallErase(request, known);
  }
  std::map<Position, std::pair<Key, std::optional<ObjectRow>>> versions;
  for (size_t i = 0; !seqs.empty() && i < rows[2].size(); ++i) {
    if (rows[2].IsNull(i, 0)) continue;
    std::optional<ObjectRow> current;
    if (!rows[2].IsNull(i, 4)) current.emplace().create_time_us = rows[2].Int(i, 4);
    versions[{rows[2].Int(i, 0), static_cast<int>(rows[2].Int(i, 1))}] = {
        Key{static_cast<int>(rows[2].Int(i, 2)), rows[2].String(i, 3)}, current};
  }
  ErasePlanner planner(request, HeadFrom(rows[0], 0), now_us);
  seqs.clear();
  ords.clear();
  BytesColumn bodies;
  for (const auto& [position, version] : versions) {
    const Rewrite& rewrite = *rewrites.at(position);
    planner.Add(version.first, rewrite, version.second ? &*version.second : nullptr);
    seqs.push_back(position.seq);
    ords.push_back(position.ord);
    bodies.values.push_back(rewrite.body);
  }
  GroupPlan plan = std::move(planner).Take();
  if (!seqs.empty()) {
    session.AddRows(sql::kRewriteBodies, Text(tenant),
                    {std::move(seqs), std::move(ords), std::move(bodies)});
  }
  if (!request.blanked_requests.empty()) {
    BytesColumn blanks;
    blanks.values.assign(request.blanked_requests.size(), std::string_view(""));
    session.AddRows(sql::kBlankRequests, Text(tenant),
                    {TextColumn(request.blanked_requests.begin(), request.blanked_requests.end()),
                     std::move(blanks)});
  }
  SavePlan(session, tenant, plan, now_us);
  session.Commit();
  GTM_ASSIGN_OR_RETURN(const auto done, session.Run());
  return std::move(plan.results.front());
}

}  // namespace gtm::records::store
