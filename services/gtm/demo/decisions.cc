#include "services/gtm/demo/decisions.h"

#include <fmt/format.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <string_view>

namespace gtm::demo {
namespace {

constexpr char kDefinition[] = R"(
id: "demo-target"
display_name: "Who we sell to"
text: "A company of at least 150 people in a regulated or logistics-heavy industry that runs its "
      "data on a cloud warehouse, grows, and has people who look at us now."
terms { name: "mid-market" meaning: "150 to 1,499 employees" }
terms { name: "enterprise" meaning: "1,500 employees and more" }
change_reason: "First agreement of sales, marketing and customer success"
account_criteria {
  id: "employees" display_name: "Size" attribute: "account.employee_count" weight: 25
  bands {
    bands { max: 50 share_bps: 0 label: "below 50" }
    bands { min: 50 max: 150 share_bps: 3000 label: "50 to 149" }
    bands { min: 150 max: 1500 share_bps: 8000 label: "mid-market" }
    bands { min: 1500 share_bps: 10000 label: "enterprise" }
  }
}
account_criteria {
  id: "industry" display_name: "Industry" attribute: "account.industry" weight: 30
  choices {
    choices { value: "banking" share_bps: 10000 }
    choices { value: "insurance" share_bps: 9000 }
    choices { value: "logistics" share_bps: 7000 }
    choices { value: "energy" share_bps: 5000 }
    choices { value: "retail" share_bps: 4000 }
    choices { value: "healthcare" share_bps: 4000 }
    other_share_bps: 1000
  }
}
account_criteria {
  id: "warehouse" display_name: "Data warehouse" attribute: "account.technologies" weight: 20
  technology_pair {
    favorable: "Snowflake" alternative: "Redshift"
    favorable_share_bps: 10000 both_share_bps: 6000 alternative_share_bps: 2000
    neither_share_bps: 1000
  }
}
account_criteria {
  id: "growth" display_name: "Growth" attribute: "account.revenue_growth_bps" weight: 15
  bands {
    bands { max: 0 share_bps: 0 label: "shrinking" }
    bands { min: 0 max: 1000 share_bps: 5000 label: "up to 10 %" }
    bands { min: 1000 share_bps: 10000 label: "10 % and more" }
  }
}
account_criteria {
  id: "leadership" display_name: "New leadership" attribute: "account.leadership_change_age_days"
  weight: 10
  bands {
    bands { max: 180 share_bps: 10000 label: "within half a year" }
    bands { min: 180 share_bps: 0 label: "longer ago" }
  }
}
engagement_criteria {
  id: "points" display_name: "Recent engagement" attribute: "engagement.recent_points" weight: 60
  bands {
    bands { max: 1 share_bps: 0 label: "none" }
    bands { min: 1 max: 3 share_bps: 4000 label: "some" }
    bands { min: 3 max: 6 share_bps: 7000 label: "lively" }
    bands { min: 6 share_bps: 10000 label: "strong" }
  }
}
engagement_criteria {
  id: "breadth" display_name: "People engaged" attribute: "engagement.active_contact_count"
  weight: 40
  bands {
    bands { max: 1 share_bps: 0 label: "nobody" }
    bands { min: 1 max: 3 share_bps: 4000 label: "one or two" }
    bands { min: 3 share_bps: 10000 label: "three and more" }
  }
}
engagement_rule { half_life_days: 21 active_window_days: 90 person_day_points_max: 5 }
person_criteria {
  id: "seniority" display_name: "Level" attribute: "contact.seniority" weight: 40
  bands {
    bands { max: 3 share_bps: 2000 label: "staff" }
    bands { min: 3 max: 4 share_bps: 7000 label: "manager" }
    bands { min: 4 share_bps: 10000 label: "head" }
  }
}
person_criteria {
  id: "function" display_name: "Function" attribute: "contact.job_function" weight: 30
  choices {
    choices { value: "finance" share_bps: 10000 }
    choices { value: "it" share_bps: 8000 }
    choices { value: "security" share_bps: 8000 }
    other_share_bps: 3000
  }
}
person_criteria {
  id: "acts" display_name: "Acts now" attribute: "engagement.recent_points" weight: 30
  bands {
    bands { max: 1 share_bps: 0 label: "not" }
    bands { min: 1 max: 3 share_bps: 6000 label: "some" }
    bands { min: 3 share_bps: 10000 label: "much" }
  }
}
buying_role_weights { role: BUYING_ROLE_ECONOMIC_BUYER factor_bps: 10000 }
buying_role_weights { role: BUYING_ROLE_DECISION_MAKER factor_bps: 10000 }
buying_role_weights { role: BUYING_ROLE_CHAMPION factor_bps: 8000 }
buying_role_weights { role: BUYING_ROLE_TECHNICAL_EVALUATOR factor_bps: 6000 }
buying_role_weights { role: BUYING_ROLE_USER factor_bps: 4000 }
buying_role_weights { role: BUYING_ROLE_GATEKEEPER factor_bps: 2000 }
follow_up: "Sales calls a target within two days of its first act and asks why now; marketing "
           "sends what helps the next step to whoever acted."
rubric_questions: "Is there a project?"
rubric_questions: "Who else must agree?"
fit_priority_weight: 50
engagement_priority_weight: 30
urgency_priority_weight: 20
target_min_fit_points: 60
prospect_min_engagement_points: 40
)";

constexpr char kProgram[] = R"(
id: "demo-program"
display_name: "Executive sponsors"
criteria {
  id: "lifetime_value" display_name: "Lifetime value of the account"
  attribute: "account.potential_lifetime_value" weight: 30
  bands {
    bands { max: 20000 share_bps: 2000 label: "below 20 k" }
    bands { min: 20000 max: 60000 share_bps: 6000 label: "20 to 60 k" }
    bands { min: 60000 share_bps: 10000 label: "60 k and more" }
  }
}
criteria {
  id: "account_influence" display_name: "Influence of the account"
  attribute: "account.market_influence" weight: 15
  bands {
    bands { max: 30 share_bps: 2000 label: "low" }
    bands { min: 30 max: 60 share_bps: 6000 label: "medium" }
    bands { min: 60 share_bps: 10000 label: "high" }
  }
}
criteria {
  id: "person_influence" display_name: "Influence of the person"
  attribute: "contact.market_influence" weight: 20
  bands {
    bands { max: 30 share_bps: 2000 label: "low" }
    bands { min: 30 max: 60 share_bps: 6000 label: "medium" }
    bands { min: 60 share_bps: 10000 label: "high" }
  }
}
criteria {
  id: "commitment" display_name: "Commitment to us" attribute: "contact.commitment" weight: 20
  bands {
    bands { max: 40 share_bps: 1000 label: "low" }
    bands { min: 40 max: 70 share_bps: 6000 label: "medium" }
    bands { min: 70 share_bps: 10000 label: "high" }
  }
}
criteria {
  id: "capacity" display_name: "Capacity to grow" attribute: "account.growth_capacity" weight: 15
  bands {
    bands { max: 40 share_bps: 2000 label: "low" }
    bands { min: 40 max: 70 share_bps: 6000 label: "medium" }
    bands { min: 70 share_bps: 10000 label: "high" }
  }
}
affinity_weights {
  shared_interest_points: 6 shared_interest_count_max: 3 same_region_points: 8
  same_function_points: 5
}
sponsee_effort { touch_week_minutes: 60 brief_week_minutes: 30 travel_week_minutes: 30 }
keep_bonus_points: 10
qualifying_score_points: 40
)";

// Version 7 UUIDs of the epoch of this demo, told apart by their last digits.
std::string RequestId(int step) { return fmt::format("0190d3b0-0000-7000-8000-{:012d}", step); }

// The constants above are the programmer's: a mistake is found by the first test.
template <class Message>
void Parse(const char* text, Message* message) {
  if (!google::protobuf::TextFormat::ParseFromString(text, message)) std::abort();
}

}  // namespace

DefinitionRequests DemoDefinition() {
  DefinitionRequests requests;
  requests.create.set_request_id(RequestId(1));
  Parse(kDefinition, requests.create.mutable_definition());
  const std::string& id = requests.create.definition().id();
  requests.propose.set_request_id(RequestId(2));
  requests.propose.set_definition_id(id);
  struct Signer {
    targeting::v1::SigningFunction function;
    std::string_view name;
  };
  constexpr Signer kSigners[] = {
      {targeting::v1::SIGNING_FUNCTION_SALES, "head of sales"},
      {targeting::v1::SIGNING_FUNCTION_MARKETING, "head of marketing"},
      {targeting::v1::SIGNING_FUNCTION_CUSTOMER_SUCCESS, "head of customer success"},
  };
  for (const Signer& signer : kSigners) {
    auto& sign = requests.sign_offs.emplace_back();
    sign.set_request_id(RequestId(10 + signer.function));
    sign.set_definition_id(id);
    sign.set_function(signer.function);
    sign.set_signer(std::string(signer.name));
  }
  return requests;
}

ProgramRequests DemoProgram() {
  ProgramRequests requests;
  requests.create.set_request_id(RequestId(20));
  Parse(kProgram, requests.create.mutable_program());
  requests.activate.set_request_id(RequestId(21));
  requests.activate.set_program_id(requests.create.program().id());
  return requests;
}

}  // namespace gtm::demo
