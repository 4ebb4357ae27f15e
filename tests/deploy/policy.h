#pragma once
// The rules that manifests keep, each a pure function of the rendered objects. Ids in brackets
// are where they come from: PSS the restricted Pod Security Standard, NSA the hardening guidance.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/deploy/manifests.h"

namespace gtm::deploy {

// "Deployment/gtm-records: container server: ...". Empty: the rule is kept.
using Findings = std::vector<std::string>;

struct Rule {
  std::string_view name;
  Findings (*check)(const Objects& objects);
};

// One pod, one container (pod_rules.cc).
Findings CheckRestricted(const Objects& objects);       // PSS, NSA: users, capabilities, volumes
Findings CheckServiceAccounts(const Objects& objects);  // NSA: one each, no token, no roles
Findings CheckProbes(const Objects& objects);
Findings CheckDrain(const Objects& objects);      // preStop + drain < termination grace
Findings CheckResources(const Objects& objects);  // memory: requests = limits; no CPU limit
Findings CheckBookMemory(const Objects& objects);
Findings CheckImages(const Objects& objects);   // a digest; locally a version
Findings CheckSecrets(const Objects& objects);  // mounted by reference, nowhere in clear text
Findings CheckLabels(const Objects& objects);

// How objects fit together (fleet_rules.cc).
Findings CheckRollouts(const Objects& objects);
Findings CheckDisruption(const Objects& objects);
Findings CheckSpread(const Objects& objects);
Findings CheckAutoscaling(const Objects& objects);
Findings CheckDatabaseBudget(const Objects& objects);  // connections
Findings CheckQuota(const Objects& objects);
Findings CheckNamespaces(const Objects& objects);
Findings CheckJobs(const Objects& objects);
Findings CheckConfigHashes(const Objects& objects);

// What one object says of another (name_rules.cc).
Findings CheckServices(const Objects& objects);  // selectors and ports
Findings CheckReferences(const Objects& objects);
Findings CheckIdentity(const Objects& objects);  // TLS, names in certificates
Findings CheckNetwork(const Objects& objects);   // network_rules.cc: exactly the edges we have

std::span<const Rule> Rules();

// Names in the column "object" of the table under "What must be there" in k8s/README.md:
// "Secret/gtm-store-app". They are not in the manifests on purpose.
std::vector<std::string> DocumentedPrerequisites();

}  // namespace gtm::deploy
