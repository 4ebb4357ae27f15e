#include "services/targeting/domain/score_watch.h"

#include <algorithm>
#include <array>

#include "fmt/format.h"

namespace gtm::targeting::domain {
namespace {

// Told before, and to be told again whatever the score is.
constexpr uint64_t kToTell = 1;

// FNV-1a over the numbers of a score, never 0 or kToTell.
uint64_t DigestOf(const AccountScore& score) {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&](int64_t number) {
    constexpr uint64_t kPrime = 0x100000001b3;
    for (int i = 0; i < 8; ++i) {
      hash = (hash ^ (static_cast<uint64_t>(number) >> (8 * i) & 0xff)) * kPrime;
    }
  };
  const auto add_range = [&](const criteria::ScoreRange& range) {
    add(range.micropoints);
    add(range.low_micropoints);
    add(range.high_micropoints);
    add(range.known_weight_bps);
  };
  add_range(score.fit);
  add_range(score.priority);
  add(score.engagement.has_value());
  if (score.engagement) add_range(*score.engagement);
  add(score.urgency.has_value());
  if (score.urgency) add_range(*score.urgency);
  add(static_cast<int64_t>(score.verdict));
  add(score.prospect);
  return hash <= kToTell ? hash + 2 : hash;
}

}  // namespace

ScoreWatch::ScoreWatch(std::vector<std::string> account_ids)
    : account_ids_(std::move(account_ids)) {}

// Rows of another Book are others: what was told is put where it belongs now.
void ScoreWatch::Forget(const book::BookView& view) {
  std::vector<Told> told(view.account_row_count());
  for (uint32_t r = 0; r < told_.size(); ++r) {
    if (told_[r].digest == 0) continue;
    const auto row = view.FindAccount(seen_->account(static_cast<book::AccountRow>(r)).id);
    if (row) told[static_cast<uint32_t>(*row)] = told_[r];
  }
  told_ = std::move(told);
}

void ScoreWatch::Look(AccountScorer* scorer, const book::BookView& view, book::AccountRow row,
                      Changes* changes) {
  Told& told = told_[static_cast<uint32_t>(row)];
  if (!view.is_live(row)) {
    if (told.digest != 0) changes->gone.emplace_back(view.account(row).id);
    told.digest = 0;
    return;
  }
  ++changes->scored_count;
  const uint64_t digest = DigestOf(scorer->Score(row));
  if (digest == told.digest) return;
  told.digest = digest;
  changes->rows.push_back(row);
}

ScoreWatch::Changes ScoreWatch::Update(const Definition& definition, const book::BookView& view,
                                       absl::Time as_of, bool everything) {
  Changes changes;
  AccountScorer scorer(definition, view, as_of);
  std::string used = fmt::format("{}:{}", definition.spec().id, definition.spec().version_number);
  std::optional<std::vector<book::AccountRow>> touched;
  if (seen_) {
    touched = view.AccountsChangedSince(*seen_);
    if (!touched) {
      // Accounts that the new Book does not know are gone.
      for (uint32_t r = 0; r < told_.size(); ++r) {
        if (told_[r].digest == 0) continue;
        const std::string_view id = seen_->account(static_cast<book::AccountRow>(r)).id;
        if (!view.FindAccount(id)) changes.gone.emplace_back(id);
      }
      Forget(view);
    }
  }
  told_.resize(std::max<size_t>(told_.size(), view.account_row_count()));
  if (used != definition_) {  // every score is told again, also where it is the same number
    everything = true;
    for (Told& told : told_) told.digest = told.digest == 0 ? 0 : kToTell;
  }
  everything |= !touched;
  definition_ = std::move(used);
  // What was read of triggers is true until one changes, or an account comes that one names.
  const bool came = !touched || std::any_of(touched->begin(), touched->end(), [&](auto row) {
    return view.is_live(row) && !seen_->is_live(row);
  });
  if (triggers_ != nullptr && !came && triggers_->Holds(view)) scorer.ShareTriggers(triggers_);
  if (!account_ids_.empty()) {
    for (const std::string& id : account_ids_) {
      auto row = view.FindAccount(id);
      // Deleted since: its row is the same one.
      if (!row && touched) row = seen_->FindAccount(id);
      if (!row) continue;
      if (everything || std::binary_search(touched->begin(), touched->end(), *row)) {
        Look(&scorer, view, *row, &changes);
      }
    }
  } else if (everything) {
    for (uint32_t r = 0; r < view.account_row_count(); ++r) {
      Look(&scorer, view, static_cast<book::AccountRow>(r), &changes);
    }
  } else {
    for (const book::AccountRow row : *touched) Look(&scorer, view, row, &changes);
  }
  seen_ = view;
  triggers_ = scorer.triggers();
  return changes;
}

}  // namespace gtm::targeting::domain
