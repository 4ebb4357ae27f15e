#include <fmt/format.h>

#include <set>
#include <tuple>

#include "tests/deploy/policy.h"

namespace gtm::deploy {
namespace {

// A pod as network policies see it. `outside`: of another namespace, with that one's labels.
struct Peer {
  std::string name;
  Json labels;
  Json namespace_labels;
  bool outside = false;
};

bool PeerMatches(const Json& rule, const Peer& peer) {
  const Json& spaces = At(rule, "/namespaceSelector");
  if (spaces.is_null() ? peer.outside : !Selects(spaces, peer.namespace_labels)) return false;
  const Json& pods = At(rule, "/podSelector");
  return pods.is_null() || Selects(pods, peer.labels);
}

// May `pod` talk to `peer` at `port` in this direction ("Ingress", "Egress")?
bool Allows(const Objects& objects, const std::string& direction, const Peer& pod, const Peer& peer,
            int port) {
  if (pod.outside) return true;  // policies of other namespaces are not ours
  const bool out = direction == "Egress";
  bool is_denied = false;
  for (const Json* policy : OfKind(objects, "NetworkPolicy")) {
    if (!Selects(At(*policy, "/spec/podSelector"), pod.labels)) continue;
    const Json& types = At(*policy, "/spec/policyTypes");
    if (std::find(types.begin(), types.end(), direction) == types.end()) continue;
    is_denied = true;
    for (const Json& rule : At(*policy, out ? "/spec/egress" : "/spec/ingress")) {
      const Json& peers = At(rule, out ? "/to" : "/from");
      const Json& ports = At(rule, "/ports");
      bool peer_matches = peers.is_null();
      for (const Json& one : peers) peer_matches |= PeerMatches(one, peer);
      bool port_matches = ports.is_null();
      for (const Json& one : ports) port_matches |= one.at("port") == port;
      if (peer_matches && port_matches) return true;
    }
  }
  return !is_denied;
}

using Edge = std::tuple<std::string, std::string, int>;

// Every call that is made: caller, called, port.
std::set<Edge> ExpectedEdges() {
  std::set<Edge> edges;
  for (const char* service :
       {"gtm-targeting", "gtm-sponsorship", "gtm-forecasting", "gtm-growth", "gtm-records"}) {
    edges.insert({"clients", service, 7700});
    edges.insert({"prometheus", service, 7701});
    edges.insert({service, "dns", 53});
    if (std::string_view(service) != "gtm-records") edges.insert({service, "gtm-records", 7700});
  }
  for (const char* caller : {"gtm-records", "gtm-migrate", "gtm-backup"}) {
    edges.insert({caller, "postgres", 5432});
    edges.insert({caller, "dns", 53});
  }
  edges.insert({"postgres", "dns", 53});
  return edges;
}

}  // namespace

Findings CheckNetwork(const Objects& objects) {
  std::vector<Peer> peers = {
      {"clients", {{"app", "crm"}}, {{"gtm-client", "allowed"}}, true},
      {"strangers", {{"app", "other"}}, {{"kubernetes.io/metadata.name", "other"}}, true},
      {"prometheus",
       {{"app.kubernetes.io/name", "prometheus"}},
       {{"kubernetes.io/metadata.name", "monitoring"}},
       true},
      {"dns", {{"k8s-app", "kube-dns"}}, {{"kubernetes.io/metadata.name", "kube-system"}}, true}};
  bool has_production = false;
  for (const Json* workload : Workloads(objects)) {
    const Json& labels = At(PodOf(*workload), "/metadata/labels");
    peers.push_back({TextAt(labels, "/app.kubernetes.io~1name"), labels, {}, false});
    has_production |= peers.back().name == "gtm-records";
  }
  std::set<Edge> allowed;
  for (const Peer& from : peers) {
    for (const Peer& to : peers) {
      for (const int port : {53, 5432, 7700, 7701, 7702}) {
        if (from.outside && to.outside) continue;
        if (Allows(objects, "Egress", from, to, port) &&
            Allows(objects, "Ingress", to, from, port)) {
          allowed.insert({from.name, to.name, port});
        }
      }
    }
  }
  Findings findings;
  for (const Json* policy : OfKind(objects, "NetworkPolicy")) {
    for (const char* list : {"/spec/ingress", "/spec/egress"}) {
      for (const Json& rule : At(*policy, list)) {
        const bool has_peers = !At(rule, "/from").empty() || !At(rule, "/to").empty();
        if (has_peers && !At(rule, "/ports").empty()) continue;
        findings.push_back(IdOf(*policy) + ": every rule names its peers and its ports");
      }
    }
  }
  const std::set<Edge> expected = has_production ? ExpectedEdges() : std::set<Edge>{};
  const auto tell = [&](const std::set<Edge>& one, const std::set<Edge>& other,
                        std::string_view what) {
    for (const Edge& edge : one) {
      if (other.contains(edge)) continue;
      findings.push_back(fmt::format("NetworkPolicy: {} -> {}:{} {}", std::get<0>(edge),
                                     std::get<1>(edge), std::get<2>(edge), what));
    }
  };
  tell(expected, allowed, "must be allowed");
  tell(allowed, expected, "must not be allowed");
  return findings;
}

std::span<const Rule> Rules() {
  static constexpr Rule rules[] = {{"restricted", CheckRestricted},
                                   {"service accounts", CheckServiceAccounts},
                                   {"probes", CheckProbes},
                                   {"drain", CheckDrain},
                                   {"resources", CheckResources},
                                   {"book memory", CheckBookMemory},
                                   {"images", CheckImages},
                                   {"secrets", CheckSecrets},
                                   {"labels", CheckLabels},
                                   {"rollouts", CheckRollouts},
                                   {"disruption", CheckDisruption},
                                   {"spread", CheckSpread},
                                   {"autoscaling", CheckAutoscaling},
                                   {"database budget", CheckDatabaseBudget},
                                   {"quota", CheckQuota},
                                   {"services", CheckServices},
                                   {"references", CheckReferences},
                                   {"namespaces", CheckNamespaces},
                                   {"jobs", CheckJobs},
                                   {"config hashes", CheckConfigHashes},
                                   {"identity", CheckIdentity},
                                   {"network", CheckNetwork}};
  return rules;
}

}  // namespace gtm::deploy
