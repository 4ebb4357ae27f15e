// Learning on public data sets of won and lost, against what is asked of it. Every figure is
// of cases that no choice has seen. Skips where the samples are not there.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "common/core/random.h"
#include "common/stats/scale_logit.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "services/targeting/domain/rate_change.h"
#include "services/targeting/domain/test_scorecard_learn.h"

namespace gtm::targeting::domain {
namespace {

using Rows = std::vector<std::vector<std::string>>;
using Names = std::set<std::string>;

std::string FolderOf() {
  if (const char* folder = std::getenv("GTM_TEST_DATA")) return folder;
  return "../shared/data";
}

// Cells of a file, unpacked by xz where its name says so; empty where it cannot be read.
Rows ReadCsv(const std::string& path, char separator = ',') {
  if (!std::filesystem::exists(path)) return {};
  const std::string command = (path.ends_with(".xz") ? "xz -dc '" : "cat '") + path + "'";
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string text;
  char buffer[1 << 16];
  while (const size_t n = fread(buffer, 1, sizeof buffer, pipe.get())) text.append(buffer, n);
  Rows rows;
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == separator && !quoted) {
      cells.emplace_back();
    } else if (c == '\n' && !quoted) {
      rows.push_back(std::move(cells));
      cells.assign(1, "");
    } else if (c != '\r') {
      cells.back() += c;
    }
  }
  return rows;
}

LearnColumn ColumnOf(const std::string& name, const std::vector<std::string>& cells, bool is_number,
                     const std::string& missing = "") {
  LearnColumn column;
  column.name = name;
  std::map<std::string, uint32_t> codes;
  for (const std::string& cell : cells) {
    const bool is_missing = cell.empty() || cell == missing;
    if (is_number) {
      column.numbers.push_back(is_missing ? NAN : std::stod(cell));
    } else if (is_missing) {
      column.codes.push_back(kMissingWord);
    } else {
      // Words that differ in case only are one, as they are to criteria.
      const auto [it, is_new] =
          codes.emplace(absl::AsciiStrToLower(cell), static_cast<uint32_t>(column.words.size()));
      if (is_new) column.words.push_back(cell);
      column.codes.push_back(it->second);
    }
  }
  return column;
}

LearnTable TableOf(const Rows& rows, const std::string& outcome, const std::string& won,
                   const Names& left_out, const Names& numbers, const std::string& missing) {
  LearnTable table;
  for (size_t c = 0; c < rows[0].size(); ++c) {
    const std::string& name = rows[0][c];
    std::vector<std::string> cells;
    for (size_t r = 1; r < rows.size(); ++r) cells.push_back(rows[r][c]);
    if (name == outcome) {
      for (const std::string& cell : cells) table.won.push_back(cell == won ? 1 : 0);
    } else if (!left_out.contains(name)) {
      table.columns.push_back(ColumnOf(name, cells, numbers.contains(name), missing));
    }
  }
  return table;
}

// Folds of equal size, equal rows wherever they fall.
std::vector<int> PlainFolds(size_t row_count, int fold_count, uint64_t seed) {
  std::vector<int> folds(row_count);
  for (size_t i = 0; i < row_count; ++i) folds[i] = static_cast<int>(i) % fold_count;
  Random random(seed);
  for (size_t i = row_count; i > 1; --i) std::swap(folds[i - 1], folds[random.Below(i)]);
  return folds;
}

// Told by cards, each of which was chosen and fitted without the fold, and by the definitions
// written from them: what people sign, by what their points mean (CurveOfCard).
struct Skills {
  Skill card, definition;
  int fold_count_with_pairs = 0;
};
Skills CrossValidate(const LearnTable& table, std::span<const int> folds, uint64_t seed) {
  std::vector<uint32_t> rows(table.row_count());
  std::iota(rows.begin(), rows.end(), 0U);
  const LearningCases cases = CasesOf(table);
  const int fold_count = *std::max_element(folds.begin(), folds.end()) + 1;
  std::vector<Told> by_card(rows.size()), by_definition(rows.size());
  Skills skills;
  for (int fold = 0; fold < fold_count; ++fold) {
    std::vector<uint32_t> teach;
    for (const uint32_t row : rows) {
      if (folds[row] != fold) teach.push_back(row);
    }
    const Selection selection = SelectScorecard(table, teach, {seed, true});
    skills.fold_count_with_pairs += selection.pair_count > 0 ? 1 : 0;
    const std::vector<double> points = PointsOf(DefinitionOf(selection.card, cases, {}), table);
    const stats::LogitScale curve = CurveOfCard(selection.card, table, teach, points);
    for (const uint32_t row : rows) {
      if (folds[row] != fold) continue;
      const auto group = static_cast<uint16_t>(fold);
      by_card[row] = {selection.card.Chance(table, row), table.won[row], group};
      by_definition[row] = {curve.Chance(points[row]), table.won[row], group};
    }
  }
  skills.card = MeasureSkill(by_card);
  skills.definition = MeasureSkill(by_definition);
  return skills;
}

void Print(const std::string& name, const Skill& skill) {
  fmt::print(
      "{}: {} cases, {} won; AUC {:.4f} (s.e. {:.4f}), log loss {:.4f} (s.e. {:.4f}), "
      "calibration slope {:.2f} (s.e. {:.2f}), error {:.4f}, top tenth {:.2f} times the rate\n",
      name, skill.count, skill.won_count, skill.auc.value, skill.auc.error, skill.log_loss.value,
      skill.log_loss.error, skill.calibration_slope.value, skill.calibration_slope.error,
      skill.calibration_error, skill.top_lift.value);
}

void Print(const std::string& name, const Skills& skills) {
  Print(fmt::format("{}, definition ({} folds with pairs)", name, skills.fold_count_with_pairs),
        skills.definition);
  Print(name + ", card", skills.card);
}

class ScorecardData : public testing::Test {
 protected:
  Rows Read(const std::string& file, char separator = ',') {
    return ReadCsv(FolderOf() + "/" + file, separator);
  }
};

#define SKIP_WITHOUT(rows) \
  if ((rows).empty()) GTEST_SKIP() << "the sample is not there: set GTM_TEST_DATA to its folder"

const char kLeads[] = "xeducation_leads/Leads.csv.xz";
const Names kLeadNumbers = {"TotalVisits", "Total Time Spent on Website", "Page Views Per Visit",
                            "Asymmetrique Activity Score", "Asymmetrique Profile Score"};
const Names kNoLeadColumns = {"Prospect ID", "Lead Number"};
const Names kLeaky = {"Tags", "Lead Quality", "Lead Profile", "Last Notable Activity"};
const Names kPerhapsLeaky = {"Last Activity", "Asymmetrique Activity Index",
                             "Asymmetrique Profile Index", "Asymmetrique Activity Score",
                             "Asymmetrique Profile Score"};

Names Union(Names a, const Names& b) {
  a.insert(b.begin(), b.end());
  return a;
}

TEST_F(ScorecardData, LeadsWithStrictColumns) {
  const Rows rows = Read(kLeads);
  SKIP_WITHOUT(rows);
  const LearnTable table =
      TableOf(rows, "Converted", "1", Union(kNoLeadColumns, Union(kLeaky, kPerhapsLeaky)),
              kLeadNumbers, "Select");
  const Skills skills = CrossValidate(table, PlainFolds(table.row_count(), 5, 1), 1);
  Print("xeducation_leads, strict columns", skills);
  EXPECT_GE(skills.definition.auc.value, 0.870);
  EXPECT_LE(skills.definition.log_loss.value, 0.432);
  // A harder question: leads that are equal in every column tell nothing of each other.
  std::vector<uint32_t> all(table.row_count());
  std::iota(all.begin(), all.end(), 0U);
  Print("xeducation_leads, strict columns, equal leads in one fold",
        CrossValidate(table, FoldsOf(table, all, 5, 1), 1));
}

TEST_F(ScorecardData, LeadsWithoutTheFourLeakyColumns) {
  const Rows rows = Read(kLeads);
  SKIP_WITHOUT(rows);
  const LearnTable table =
      TableOf(rows, "Converted", "1", Union(kNoLeadColumns, kLeaky), kLeadNumbers, "Select");
  const Skills skills = CrossValidate(table, PlainFolds(table.row_count(), 5, 1), 1);
  Print("xeducation_leads without the four leaky columns", skills);
  EXPECT_GE(skills.definition.auc.value, 0.918);
}

TEST_F(ScorecardData, LeakyColumnsOfLeadsAreFlagged) {
  const Rows rows = Read(kLeads);
  SKIP_WITHOUT(rows);
  const LearnTable table = TableOf(rows, "Converted", "1", kNoLeadColumns, kLeadNumbers, "Select");
  Names flagged, refused;
  for (const ColumnLeak& leak : FindColumnLeaks(table)) {
    const LearnColumn& column = table.columns[leak.column];
    fmt::print("{} {}\n", column.name, leak.Message(column));
    (leak.refused ? refused : flagged).insert(column.name);
  }
  EXPECT_EQ(refused, (Names{"Tags", "Last Notable Activity", "Last Activity"}));
  for (const std::string& name : kLeaky) {
    EXPECT_TRUE(refused.contains(name) || flagged.contains(name)) << name;
  }
  // What is told beside them: two that are blank where a lead did not go on.
  EXPECT_EQ(flagged, (Names{"Lead Quality", "Lead Profile", "What is your current occupation",
                            "What matters most to you in choosing a course"}));
}

TEST_F(ScorecardData, SalesOfSoftwareToCompanies) {
  const Rows rows = Read("salvirt_b2b/Salvirt_B2B_ML_dataset.csv", ';');
  SKIP_WITHOUT(rows);
  const LearnTable table = TableOf(rows, "Status", "Won", {}, {}, "Unknown");
  // Small: the mean over five ways to fold.
  constexpr int kRepeats = 5;
  double auc = 0, error = 0, loss = 0, loss_error = 0;
  for (uint64_t seed = 1; seed <= kRepeats; ++seed) {
    std::vector<uint32_t> all(table.row_count());
    std::iota(all.begin(), all.end(), 0U);
    const Skill skill = CrossValidate(table, FoldsOf(table, all, 10, seed), seed).definition;
    auc += skill.auc.value / kRepeats;
    error += skill.auc.error / kRepeats;
    loss += skill.log_loss.value / kRepeats;
    loss_error += skill.log_loss.error / kRepeats;
  }
  fmt::print(
      "salvirt_b2b, definition: AUC {:.4f} (s.e. {:.4f}), log loss {:.4f} (s.e. {:.4f}), mean of "
      "{} ways to fold\n",
      auc, error, loss, loss_error, kRepeats);
  EXPECT_GE(auc, 0.81);
}

class Funnel : public ScorecardData {
 protected:
  void SetUp() override {
    const Rows leads = Read("olist_funnel/olist_marketing_qualified_leads_dataset.csv");
    const Rows deals = Read("olist_funnel/olist_closed_deals_dataset.csv");
    SKIP_WITHOUT(leads);
    Names won;
    for (const auto& deal : deals) won.insert(deal[0]);
    std::vector<std::string> pages, origins;
    for (size_t r = 1; r < leads.size(); ++r) {
      const std::string& date = leads[r][1];
      const absl::CivilDay day(std::stoi(date.substr(0, 4)), std::stoi(date.substr(5, 2)),
                               std::stoi(date.substr(8, 2)));
      table_.start_day.push_back(static_cast<int32_t>(day - absl::CivilDay(1970, 1, 1)));
      pages.push_back(leads[r][2]);
      origins.push_back(leads[r][3]);
      table_.won.push_back(won.contains(leads[r][0]) ? 1 : 0);
    }
    table_.columns = {ColumnOf("landing page", pages, false), ColumnOf("origin", origins, false)};
  }
  LearnTable table_;
};

TEST_F(Funnel, ShopsByLandingPageAndOrigin) {
  const Skills skills = CrossValidate(table_, PlainFolds(table_.row_count(), 5, 1), 1);
  Print("olist_funnel", skills);
  EXPECT_GE(skills.definition.auc.value, 0.67);
}

TEST_F(Funnel, TheChangeOfDecember2017IsReported) {
  const int32_t end = *std::max_element(table_.start_day.begin(), table_.start_day.end()) + 1;
  const auto found = FindRateChange(table_, end);
  ASSERT_TRUE(found);
  const absl::CivilDay day = absl::CivilDay(1970, 1, 1) + found->first_day;
  fmt::print("olist_funnel: rate {:.3f} before {:04}-{:02}-{:02}, {:.3f} after, p {:.1e}\n",
             found->before, day.year(), day.month(), day.day(), found->after, found->p_value);
  EXPECT_GE(day, absl::CivilDay(2017, 11, 20));
  EXPECT_LE(day, absl::CivilDay(2018, 1, 10));
  EXPECT_LT(2 * found->before, found->after);
}

TEST_F(ScorecardData, GeneratedDealsHaveNoSignal) {
  const Rows pipeline = Read("maven_crm/sales_pipeline.csv");
  SKIP_WITHOUT(pipeline);
  const Rows accounts = Read("maven_crm/accounts.csv");
  std::map<std::string, std::vector<std::string>> account_of;
  for (const auto& account : accounts) account_of[account[0]] = account;
  const auto day_of = [](const std::string& date) {
    return static_cast<int32_t>(absl::CivilDay(std::stoi(date.substr(0, 4)),
                                               std::stoi(date.substr(5, 2)),
                                               std::stoi(date.substr(8, 2))) -
                                absl::CivilDay(1970, 1, 1));
  };
  LearnTable table;
  std::vector<std::vector<std::string>> cells(7);
  for (size_t r = 1; r < pipeline.size(); ++r) {
    const auto& deal = pipeline[r];
    if (deal[4] != "Won" && deal[4] != "Lost") continue;
    table.won.push_back(deal[4] == "Won" ? 1 : 0);
    table.start_day.push_back(day_of(deal[5]));
    table.outcome_day.push_back(day_of(deal[6]));
    const auto found = account_of.find(deal[3]);
    cells[0].push_back(deal[1]);
    cells[1].push_back(deal[2]);
    for (size_t c = 2; c < cells.size(); ++c) {
      cells[c].push_back(found == account_of.end() ? "" : found->second[c - 1]);
    }
  }
  const char* names[] = {"seller",  "product",   "sector", "founded",
                         "revenue", "employees", "office"};
  for (size_t c = 0; c < cells.size(); ++c) {
    table.columns.push_back(ColumnOf(names[c], cells[c], c >= 3 && c <= 5));
  }
  const Learned learned = LearnScorecard(table);
  Print("maven_crm, card", learned.card);
  Print("maven_crm, definition", learned.draft);
  EXPECT_TRUE(learned.by_time);
  EXPECT_EQ(learned.verdict, LearnVerdict::kNoSignal);
  EXPECT_FALSE(learned.selection);
}

}  // namespace
}  // namespace gtm::targeting::domain
