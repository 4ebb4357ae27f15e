#include "services/gtm/demo/visitors.h"

#include <fmt/format.h>

#include <array>

#include "services/gtm/demo/build.h"

namespace gtm::demo {
namespace {

using crm::v1::Engagement;
using records::v1::Record;

constexpr double kVisitedShare = 0.25;
constexpr double kLinkedShare = 0.2;
constexpr int kVisitDays = 45;  // before today
constexpr uint64_t kVisitsMax = 8;

}  // namespace

void GenerateVisitor(const Context& context, const AccountFacts& account, int index,
                     Random& random) {
  static constexpr std::array<Engagement::Type, 4> kTypes = {
      Engagement::TYPE_WEB_VISIT, Engagement::TYPE_CONTENT_READ, Engagement::TYPE_VIDEO_WATCH,
      Engagement::TYPE_ENABLEMENT_TOOL};
  if (random.Uniform() >= kVisitedShare) return;
  const std::string id = fmt::format("visitor-{:07}", index + 1);
  const uint64_t visits = 1 + random.Below(kVisitsMax);
  for (uint64_t i = 0; i < visits; ++i) {
    Record record;
    Engagement* visit = record.mutable_engagement();
    visit->set_id(fmt::format("{}-v{}", id, i + 1));
    visit->set_visitor_id(id);
    // Mostly web visits.
    const double pick = random.Uniform();
    visit->set_type(kTypes[static_cast<size_t>(pick * pick * kTypes.size())]);
    visit->set_direction(Engagement::DIRECTION_INBOUND);
    visit->set_channel("web");
    SetTime(visit->mutable_occur_time(),
            context.options.today - 1 - static_cast<int>(random.Below(kVisitDays)),
            static_cast<int>(random.Below(86'400)));
    context.sink(std::move(record));
  }
  if (random.Uniform() >= kLinkedShare) return;
  Record record;
  crm::v1::VisitorLink* link = record.mutable_visitor_link();
  link->set_id(id);
  link->set_account_id(account.id);
  link->set_contact_id(account.contact_ids[random.Below(account.contact_ids.size())]);
  link->set_basis(crm::v1::VisitorLink::BASIS_STATED);
  context.sink(std::move(record));
}

}  // namespace gtm::demo
