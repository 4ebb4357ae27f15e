#include "services/records/handler/watch.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/clock.h"
#include "common/record/kinds.h"
#include "services/records/domain/path.h"
#include "services/records/handler/render.h"
#include "services/records/handler/revision.h"

namespace gtm::records::handler {
namespace {

// How often a quiet stream looks whether it is still wanted.
constexpr absl::Duration kLookInterval = absl::Milliseconds(250);
// Pause where the head is known to be further than what can be read yet.
constexpr absl::Duration kPause = absl::Milliseconds(10);
// Pause where the store cannot be reached.
constexpr absl::Duration kAwayPause = absl::Milliseconds(100);
constexpr int kReadChanges = 1'000;

class WatchStream {
 public:
  WatchStream(const rpc::Call& call, Feed::Subscription& feed, const Clock& clock,
              const WatchOptions& options, WatchSink& sink)
      : call_(call), feed_(feed), clock_(clock), options_(options), sink_(sink) {}

  // Where to begin, and of what kinds.
  Status Begin(const v1::WatchRequest& request) {
    domain::Violations violations;
    const domain::Path kinds{nullptr, "kinds"};
    for (int i = 0; i < request.kinds_size(); ++i) {
      if (record::FindKind(request.kinds(i)) == nullptr) {
        violations.Add(kinds.Item(i), "no kind; use one that is declared");
      }
      query_.kinds.push_back(request.kinds(i));
    }
    if (!violations.empty()) return InvalidFields(violations.Take());
    std::sort(query_.kinds.begin(), query_.kinds.end());
    query_.kinds.erase(std::unique(query_.kinds.begin(), query_.kinds.end()), query_.kinds.end());
    query_.limit = kReadChanges;
    query_.bytes_max = limits::kPageBytes;
    const store::Head head = feed_.KnownHead();
    epoch_ = head.epoch;
    sent_seq_ = head.seq;
    if (!request.revision().empty()) {
      GTM_ASSIGN_OR_RETURN(const Revision revision, ParseRevision(request.revision()));
      if (revision.epoch != epoch_) return EpochChanged(request.revision(), epoch_);
      if (revision.seq > head.seq) {
        return Error(Reason::REVISION_INVALID,
                     fmt::format("revision {}: not reached yet (at {}); watch from a revision that "
                                 "an answer carried",
                                 request.revision(), FormatRevision(epoch_, head.seq)));
      }
      sent_seq_ = revision.seq;
      if (revision.seq < head.compacted_seq) return Compacted(request.revision(), head);
    }
    query_.after = store::Position::AfterSeq(sent_seq_);
    least_lag_ = head.seq - sent_seq_;
    return {};
  }

  Status Run() {
    if (!SendBookmark()) return Gone();
    while (true) {
      GTM_RETURN_IF_ERROR(call_.CheckAlive(clock_.Now()));
      GTM_RETURN_IF_ERROR(CheckLag());
      Result<store::ChangesResult> read = feed_.Read(query_);
      if (!read.ok() && read.error().reason() != Reason::STORE_UNAVAILABLE) return read.error();
      if (!read.ok()) {
        absl::SleepFor(kAwayPause);
        if (!Wait(absl::ZeroDuration())) return ShuttingDown();
        continue;
      }
      if (read->head.epoch != epoch_) {
        return EpochChanged(FormatRevision(epoch_, sent_seq_), read->head.epoch);
      }
      const int64_t before = sent_seq_;
      query_.after = CloseAtRevision(&*read);
      const bool progress = !read->changes.empty() || read->complete_seq > before;
      GTM_ASSIGN_OR_RETURN(const bool sent, SendAll(*read));
      if (!sent) return Gone();
      if (progress && read->has_more) continue;
      const bool bookmark_due = clock_.Monotonic() - last_send_ >= options_.bookmark_interval;
      if (bookmark_due && !SendBookmark()) return Gone();
      if (read->has_more) absl::SleepFor(kPause);
      if (!Wait(kLookInterval)) return ShuttingDown();
    }
  }

 private:
  static Error Compacted(const std::string& revision, const store::Head& head) {
    const std::string oldest = FormatRevision(head.epoch, head.compacted_seq);
    return Error(Reason::REVISION_COMPACTED,
                 fmt::format("revision {}: no longer kept, the oldest is {}; list again and watch "
                             "from the new revision",
                             revision, oldest))
        .With("oldest_revision", oldest);
  }

  static Error ShuttingDown() {
    return Error(Reason::SHUTTING_DOWN,
                 "the server is shutting down; watch again from the last revision received");
  }

  bool Wait(absl::Duration timeout) { return feed_.WaitBeyond(epoch_, sent_seq_, timeout); }

  // The stream ended under us: because it was cut, or because the caller left.
  Status Gone() const {
    if (feed_.stalled()) {
      return TooSlow(fmt::format("watch: nothing was read for {} s", limits::kWatchStallMs / 1000));
    }
    return Error(Reason::CANCELLED_BY_CALLER, "the caller cancelled");
  }

  Error TooSlow(const std::string& what) const {
    return Error(Reason::WATCHER_TOO_SLOW, what + "; watch again from the last revision received")
        .With("limit", std::to_string(options_.lag_max));
  }

  Status CheckLag() {
    const store::Head head = feed_.KnownHead();
    if (head.epoch != epoch_) return EpochChanged(FormatRevision(epoch_, sent_seq_), head.epoch);
    const int64_t lag = head.seq - sent_seq_;
    least_lag_ = std::min(least_lag_, lag);
    if (lag - least_lag_ > options_.lag_max) {
      return TooSlow(fmt::format("watch: {} changes behind", lag));
    }
    return {};
  }

  bool Send(v1::WatchResponse* response) {
    SetTime(absl::ToUnixMicros(clock_.Now()), response->mutable_send_time());
    feed_.SendBegins();
    const bool sent = sink_.Write(*response);
    feed_.SendEnds();
    last_send_ = clock_.Monotonic();
    return sent;
  }

  bool SendBookmark() {
    v1::WatchResponse response;
    response.set_revision(FormatRevision(epoch_, sent_seq_));
    return Send(&response);
  }

  // Leaves out the beginning of a last revision that was not read to its end, so that
  // revisions travel whole; where that is all there is, it is too long and goes in parts.
  // Returns where to read on.
  static store::Position CloseAtRevision(store::ChangesResult* read) {
    std::vector<store::Change>& changes = read->changes;
    if (changes.empty() || changes.front().seq > read->complete_seq) return read->next;
    if (changes.back().seq <= read->complete_seq) return read->next;
    while (changes.back().seq > read->complete_seq) changes.pop_back();
    return store::Position::AfterSeq(read->complete_seq);
  }

  // Sends what was read. A message holds whole revisions, or a part of one that is too
  // long; `revision` names the last one of which everything has been sent.
  Result<bool> SendAll(const store::ChangesResult& read) {
    v1::WatchResponse response;
    int64_t bytes = 0;
    const auto& changes = read.changes;
    if (!changes.empty() && changes.front().seq > read.complete_seq &&
        read.complete_seq > sent_seq_) {
      // A part of a revision must not carry the name of what was passed over before it.
      sent_seq_ = read.complete_seq;
      if (!SendBookmark()) return false;
    }
    for (size_t begin = 0, end = 0; begin < changes.size(); begin = end) {
      int64_t revision_bytes = 0;
      for (end = begin; end < changes.size() && changes[end].seq == changes[begin].seq; ++end) {
        revision_bytes += BytesOf(changes[end]);
      }
      if (bytes > 0 && bytes + revision_bytes > limits::kPageBytes) {
        if (!Send(&response)) return false;
        response.Clear();
        bytes = 0;
      }
      for (size_t i = begin; i < end; ++i) {
        if (bytes > 0 && bytes + BytesOf(changes[i]) > limits::kPageBytes) {
          response.clear_revision();  // inside a revision that is too long
          if (!Send(&response)) return false;
          response.Clear();
          bytes = 0;
        }
        GTM_RETURN_IF_ERROR(RenderChange(changes[i], epoch_, response.add_changes()));
        bytes += BytesOf(changes[i]);
      }
      if (changes[begin].seq <= read.complete_seq) {
        sent_seq_ = changes[begin].seq;
        response.set_revision(FormatRevision(epoch_, sent_seq_));
      }
    }
    const bool skipped = read.complete_seq > sent_seq_;  // changes of other kinds
    if (skipped) sent_seq_ = read.complete_seq;
    if (bytes == 0) return true;
    if (skipped) response.set_revision(FormatRevision(epoch_, sent_seq_));
    return Send(&response);
  }

  static int64_t BytesOf(const store::Change& change) {
    return static_cast<int64_t>(change.body.size()) + 300;
  }

  const rpc::Call& call_;
  Feed::Subscription& feed_;
  const Clock& clock_;
  const WatchOptions& options_;
  WatchSink& sink_;
  store::ChangesQuery query_;
  std::string epoch_;
  int64_t sent_seq_ = 0;  // everything up to here has been sent
  int64_t least_lag_ = 0;
  absl::Duration last_send_ = absl::ZeroDuration();
};

}  // namespace

Status RunWatch(const rpc::Call& call, const v1::WatchRequest& request, Feed& feed,
                const Clock& clock, const WatchOptions& options, WatchSink& sink) {
  GTM_ASSIGN_OR_RETURN(const std::unique_ptr<Feed::Subscription> subscription,
                       feed.Subscribe(call.tenant(), [&sink] { sink.Cancel(); }));
  WatchStream stream(call, *subscription, clock, options, sink);
  GTM_RETURN_IF_ERROR(stream.Begin(request));
  return stream.Run();
}

}  // namespace gtm::records::handler
