#include "common/book/book_testing.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "common/book/event_block.h"
#include "common/book/message_table.h"
#include "common/book/settings.h"

namespace gtm::book {
namespace {

using crm::v1::Account;
using crm::v1::Contact;
using crm::v1::Engagement;
using crm::v1::Opportunity;

std::string Number(const std::optional<int64_t>& n) { return n ? fmt::format("{}", *n) : "?"; }
std::string Flag(const std::optional<bool>& n) { return n ? (*n ? "yes" : "no") : "?"; }
std::string Amount(const std::optional<Money>& m) {
  return m ? fmt::format("{}{}", m->micros, m->currency.code()) : "?";
}
std::string Day(const std::optional<absl::CivilDay>& day) {
  return day ? absl::FormatCivilTime(*day) : "?";
}
std::string Time(absl::Time time) { return absl::FormatTime(time, absl::UTCTimeZone()); }

template <class Facts>
std::string Custom(const Facts& f) {
  std::string text;
  for (const auto& [key, value] : f.custom_labels) text += fmt::format(" {}={}", key, value);
  for (const auto& [key, value] : f.custom_numbers) text += fmt::format(" {}={}", key, value);
  return text;
}

template <class Message>
std::string CustomOf(const Message& m) {
  std::string text;
  std::map<std::string, std::string> labels(m.custom_labels().begin(), m.custom_labels().end());
  std::map<std::string, double> numbers(m.custom_numbers().begin(), m.custom_numbers().end());
  for (const auto& [key, value] : labels) text += fmt::format(" {}={}", key, value);
  for (const auto& [key, value] : numbers) text += fmt::format(" {}={}", key, value);
  return text;
}

std::string Line(const AccountFacts& f) {
  return fmt::format(
      "{} '{}' {} {} {} {} | {} {} {} {} {} | {} {} {}\n", f.id, f.display_name, f.industry,
      f.country, f.parent_account_id, f.owner_seller_id, Number(f.employee_count),
      Amount(f.annual_revenue), Number(f.revenue_growth_bps), Number(f.market_influence),
      Day(f.first_seen_day), fmt::join(f.technologies, ","), f.technologies_known, Custom(f));
}

std::string Line(const Account& m) {
  std::optional<Money> revenue;
  if (m.has_annual_revenue()) {
    revenue = Money{m.annual_revenue().units() * 1'000'000 + m.annual_revenue().nanos() / 1'000,
                    Currency::Of(m.annual_revenue().currency_code())};
  }
  std::optional<int64_t> employees, growth, influence;
  if (m.has_employee_count()) employees = m.employee_count();
  if (m.has_revenue_growth_bps()) growth = m.revenue_growth_bps();
  if (m.has_market_influence()) influence = m.market_influence();
  std::optional<absl::CivilDay> seen;
  if (m.has_first_seen_date()) seen = absl::CivilDay(2024, 2, 29);
  return fmt::format("{} '{}' {} {} {} {} | {} {} {} {} {} | {} {} {}\n", m.id(), m.display_name(),
                     m.industry(), m.country(), m.parent_account_id(), m.owner_seller_id(),
                     Number(employees), Amount(revenue), Number(growth), Number(influence),
                     Day(seen), fmt::join(m.technologies(), ","), m.technologies_known(),
                     CustomOf(m));
}

std::string Line(const ContactFacts& f, bool attached) {
  return fmt::format("{} of {} ({}) '{}' {} {} {} {} {} {} {} {}\n", f.id, f.account_id, attached,
                     f.display_name, f.job_title, f.job_function, Number(f.seniority),
                     int{f.buying_role}, Number(f.commitment), f.sponsorship_candidate,
                     fmt::join(f.interests, ","), Custom(f));
}

std::string Line(const Contact& m, bool attached) {
  std::optional<int64_t> seniority, commitment;
  if (m.has_seniority()) seniority = m.seniority();
  if (m.has_commitment()) commitment = m.commitment();
  return fmt::format("{} of {} ({}) '{}' {} {} {} {} {} {} {} {}\n", m.id(), m.account_id(),
                     attached, m.display_name(), m.job_title(), m.job_function(), Number(seniority),
                     static_cast<int>(m.buying_role()), Number(commitment),
                     m.sponsorship_candidate(), fmt::join(m.interests(), ","), CustomOf(m));
}

std::string Line(const OpportunityFacts& f, bool attached, const BookView& view) {
  std::string text =
      fmt::format("{} of {} ({}) '{}' {} {} {} | {} {} {} {}", f.id, f.account_id, attached,
                  f.display_name, f.segment, f.campaign_id, int{f.type}, Flag(f.self_sourced),
                  Flag(f.has_budget), Flag(f.has_urgent_need), Number(f.term_months));
  for (const StageChange& c : f.stage_changes) {
    text += fmt::format("\n  {} {} {} {}", Time(c.time), c.stage_id, static_cast<int>(c.role),
                        c.position);
  }
  for (const AmountChange& c : f.amount_changes) {
    text += fmt::format("\n  {} {}", Time(c.time), Amount(c.amount));
  }
  for (const CloseDateChange& c : f.close_date_changes) {
    text += fmt::format("\n  {} {}", Time(c.time), Day(c.day));
  }
  for (const BuyingGroupMember& m : f.buying_group) {
    text += fmt::format("\n  {} {} {}", view.contact(m.contact).id, int{m.role}, Time(m.since));
  }
  return text + "\n";
}

std::string Line(const Opportunity& m, bool attached, const Settings& settings) {
  std::optional<bool> self, budget, urgent;
  std::optional<int64_t> term;
  if (m.has_self_sourced()) self = m.self_sourced();
  if (m.conditions().has_budget()) budget = m.conditions().budget();
  if (m.conditions().has_urgent_need()) urgent = m.conditions().urgent_need();
  if (m.has_term_months()) term = m.term_months();
  std::string text =
      fmt::format("{} of {} ({}) '{}' {} {} {} | {} {} {} {}", m.id(), m.account_id(), attached,
                  m.display_name(), m.segment(), m.campaign_id(), static_cast<int>(m.type()),
                  Flag(self), Flag(budget), Flag(urgent), Number(term));
  const auto time = [](const auto& stamp) { return Time(absl::FromUnixSeconds(stamp.seconds())); };
  for (const auto& c : m.stage_changes()) {
    int role = 2, position = 0;
    for (const auto& stage : settings.stages) {
      if (stage.id != c.stage_id()) continue;
      role = static_cast<int>(stage.role);
      position = stage.position;
    }
    text += fmt::format("\n  {} {} {} {}", time(c.change_time()), c.stage_id(), role, position);
  }
  for (const auto& c : m.amount_changes()) {
    text += fmt::format("\n  {} {}USD", time(c.change_time()), c.amount().units() * 1'000'000);
  }
  for (const auto& c : m.close_date_changes()) {
    text += fmt::format("\n  {} 2026-09-30", time(c.change_time()));
  }
  for (const auto& b : m.buying_group()) {
    text += fmt::format("\n  {} {} {}", b.contact_id(), static_cast<int>(b.role()),
                        b.has_since_time() ? time(b.since_time()) : Time(absl::InfinitePast()));
  }
  return text + "\n";
}

std::string Line(const EngagementEvent& e, const BookView& view) {
  const TouchDetails d = view.details(e);
  return fmt::format("    {} {} {} {} {} {} {} {} {} {}\n", Time(e.time()), int{e.type},
                     int{e.direction}, e.count, view.contact(e.contact).id, view.text(d.campaign),
                     view.text(d.content), view.text(d.participant), view.text(d.channel),
                     view.opportunity(e.opportunity).id);
}

std::string Line(const Engagement& m) {
  return fmt::format("    {} {} {} {} {} {} {} {} {} {}\n",
                     Time(absl::FromUnixSeconds(m.occur_time().seconds())),
                     static_cast<int>(m.type()), static_cast<int>(m.direction()),
                     std::clamp(m.count(), 1, 65'535), m.contact_id(), m.campaign_id(),
                     m.content_id(), m.participant_id(), m.channel(), m.opportunity_id());
}

std::string MessageLine(const google::protobuf::Message& m) { return m.ShortDebugString() + "\n"; }

class RecordShow {
 public:
  explicit RecordShow(const RecordMap& records) : records_(records) {
    for (const auto& [key, record] : records) {
      if (record.has_account()) accounts_.insert(key.second);
      if (record.has_tenant_settings()) settings_message_ = record.tenant_settings();
    }
    settings_ = DecodeSettings(settings_message_);
  }

  std::string All() {
    std::string text = fmt::format("{} {}\n", settings_.calendar.year_start_month(),
                                   settings_.reporting_currency.code());
    for (const std::string& id : accounts_) text += OneAccount(id);
    for (const auto& [key, record] : records_) {
      if (record.has_contact()) text += Line(record.contact(), Attached(record.contact()));
    }
    for (const auto& [key, record] : records_) {
      if (record.has_opportunity()) {
        text += Line(record.opportunity(), Attached(record.opportunity()), settings_);
      }
    }
    text += Visitors();
    text += Counts();
    for (const auto& [key, record] : records_) {
      const bool is_message = key.first > records::v1::RECORD_KIND_ENGAGEMENT;
      if (is_message) text += MessageLine(*record::Payload(record));
    }
    return text;
  }

 private:
  template <class Message>
  bool Attached(const Message& m) const {
    return accounts_.count(m.account_id()) > 0;
  }
  std::string OneAccount(const std::string& id) {
    std::string text =
        Line(records_.at({records::v1::RECORD_KIND_ACCOUNT, id}).account()) + "  has";
    std::vector<const Engagement*> engagements;
    for (const auto& [key, record] : records_) {
      if (record.has_contact() && record.contact().account_id() == id) text += " " + key.second;
      if (record.has_opportunity() && record.opportunity().account_id() == id) {
        text += " " + key.second;
      }
      if (record.has_engagement() && Holder(record.engagement()).account_id() == id) {
        engagements.push_back(&record.engagement());
      }
    }
    Sort(&engagements);
    text += "\n";
    for (const Engagement* e : engagements) text += Line(Holder(*e));
    return text;
  }
  // The engagement as one of the account that its visitor is linked to.
  Engagement Holder(const Engagement& m) const {
    if (!m.account_id().empty() || m.visitor_id().empty()) return m;
    const auto found = records_.find({records::v1::RECORD_KIND_VISITOR_LINK, m.visitor_id()});
    if (found == records_.end()) return m;
    Engagement attributed = m;
    attributed.set_account_id(found->second.visitor_link().account_id());
    if (m.contact_id().empty()) {
      attributed.set_contact_id(found->second.visitor_link().contact_id());
    }
    return attributed;
  }
  std::string Visitors() const {
    std::map<std::string, std::vector<const Engagement*>> visits;
    for (const auto& [key, record] : records_) {
      const Engagement& m = record.engagement();
      if (m.account_id().empty() && !m.visitor_id().empty()) visits[m.visitor_id()].push_back(&m);
    }
    std::string text;
    for (auto& [id, events] : visits) {
      Sort(&events);
      const auto link = records_.find({records::v1::RECORD_KIND_VISITOR_LINK, id});
      text += fmt::format("{} is {}\n", id,
                          link == records_.end() ? "" : link->second.visitor_link().account_id());
      for (const Engagement* e : events) text += Line(*e);
    }
    return text;
  }
  static void Sort(std::vector<const Engagement*>* engagements) {
    std::sort(engagements->begin(), engagements->end(), [](const auto* a, const auto* b) {
      return std::pair(a->occur_time().seconds(), EventKeyOf(a->id())) <
             std::pair(b->occur_time().seconds(), EventKeyOf(b->id()));
    });
  }
  std::string Counts() const {
    int64_t engagement_count = 0, unattached_count = 0, unknown_count = 0;
    for (const auto& [key, record] : records_) {
      if (record.has_engagement()) {
        ++engagement_count;
        unattached_count += !Attached(Holder(record.engagement()));
      }
      for (const auto& change : record.opportunity().stage_changes()) {
        unknown_count +=
            std::none_of(settings_.stages.begin(), settings_.stages.end(),
                         [&](const auto& stage) { return stage.id == change.stage_id(); });
      }
    }
    return fmt::format("{} {} {}\n", engagement_count, unattached_count, unknown_count);
  }

  const RecordMap& records_;
  std::set<std::string> accounts_;
  crm::v1::TenantSettings settings_message_;
  Settings settings_;
};

}  // namespace

std::string ShowRecords(const RecordMap& records) { return RecordShow(records).All(); }

std::string Show(const BookView& view) {
  std::string text = fmt::format("{} {}\n", view.settings().calendar.year_start_month(),
                                 view.settings().reporting_currency.code());
  for (const AccountRow row : view.accounts_by_id()) {
    std::set<std::string> names;
    for (const ContactRow c : view.contacts_of(row)) names.emplace(view.contact(c).id);
    for (const OpportunityRow o : view.opportunities_of(row)) {
      names.emplace(view.opportunity(o).id);
    }
    text += Line(view.account(row)) + "  has";
    for (const std::string& name : names) text += " " + name;
    text += "\n";
    for (const EngagementEvent& event : view.engagements_of(row)) text += Line(event, view);
  }
  for (const ContactRow row : view.contacts_by_id()) {
    const ContactFacts facts = view.contact(row);
    text += Line(facts, IsRow(facts.account) && view.is_live(facts.account));
  }
  for (const OpportunityRow row : view.opportunities_by_id()) {
    const OpportunityFacts facts = view.opportunity(row);
    text += Line(facts, IsRow(facts.account) && view.is_live(facts.account), view);
  }
  std::map<std::string_view, VisitorRow> visitors;
  for (uint32_t row = 0; row < view.visitor_row_count(); ++row) {
    visitors[view.visitor_id(VisitorRow{row})] = VisitorRow{row};
  }
  for (const auto& [id, row] : visitors) {
    if (!view.FindVisitor(id)) continue;
    const auto link = view.link_of(row);
    text += fmt::format("{} is {}\n", id, link == nullptr ? "" : link->account_id());
    for (const EngagementEvent& event : view.engagements_of(row)) text += Line(event, view);
  }
  text += fmt::format("{} {} {}\n", view.engagement_count(), view.unattached_engagement_count(),
                      view.unknown_stage_count());
#define GTM_X(Name, field, plural, Type) \
  for (const auto& message : view.plural()) text += MessageLine(*message);
  GTM_BOOK_MESSAGE_KINDS(GTM_X)
#undef GTM_X
  return text;
}

}  // namespace gtm::book
