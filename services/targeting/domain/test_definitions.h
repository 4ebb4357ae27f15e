#pragma once
// Definitions for tests.

#include <string>

#include "services/targeting/domain/definition.h"

namespace gtm::targeting::domain {

// Fit: 50 employees, 30 industry, 20 warehouse technology. Engagement: 60 recent points,
// 40 breadth. Priority 60 to 40. A target from 60 points; a prospect from 30.
inline DefinitionSpec TestSpec() {
  DefinitionSpec spec;
  spec.id = "d1";
  spec.version_number = 3;
  spec.account_criteria = {
      {"employees", "", "account.employee_count", 50,
       criteria::Bands{{{50, 1000, 5000, "mid-market"}, {1000, {}, 10000, "enterprise"}}}},
      {"industry", "", "account.industry", 30,
       criteria::Choices{{{"software", 10000}, {"retail", 5000}}, 0}},
      {"warehouse", "", "account.technologies", 20,
       criteria::TechnologyPair{"Snowflake", "Redshift", 10000, 5000, 0, 2500}}};
  spec.engagement_criteria = {{"recent", "", "engagement.recent_points", 60,
                               criteria::Bands{{{1, 5, 5000, ""}, {5, {}, 10000, ""}}}},
                              {"breadth", "", "engagement.active_contact_count", 40,
                               criteria::Bands{{{1, 3, 5000, ""}, {3, {}, 10000, ""}}}}};
  spec.person_criteria = {
      {"function", "", "contact.job_function", 70, criteria::Choices{{{"finance", 10000}}, 2000}},
      {"seniority", "", "contact.seniority", 30, criteria::Bands{{{4, {}, 10000, ""}}}}};
  spec.role_factor_bps[2] = 10'000;  // decision maker
  spec.role_factor_bps[6] = 3'000;   // user
  spec.target_min_fit_points = 60;
  spec.prospect_min_engagement_points = 30;
  return spec;
}

inline Definition Compiled(DefinitionSpec spec = TestSpec()) {
  return Definition::Compile(std::move(spec), "definition").value();
}

}  // namespace gtm::targeting::domain
