#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "services/records/store/store.h"
#include "tests/deploy/policy.h"

namespace gtm::deploy {
namespace {

constexpr int kSpareConnections = 10;  // for people and for the server's own superuser
constexpr double kQuietSeconds = 300;  // before replicas are taken away

const Json& LabelsOf(const Json& pod) { return At(pod, "/metadata/labels"); }
bool IsProduction(const Objects& objects) { return Find(objects, "Namespace/gtm") != nullptr; }

// The servers whose pods a selector selects.
std::vector<const Json*> Selected(const Objects& objects, const Json& selector) {
  std::vector<const Json*> found;
  for (const Json* server : Servers(objects)) {
    if (Selects(selector, LabelsOf(PodOf(*server)))) found.push_back(server);
  }
  return found;
}

// "a.cc:7700", "dns:///gtm-records-headless:7700" -> "gtm-records-headless", "7700".
std::pair<std::string, std::string> HostAndPort(std::string address) {
  if (address.starts_with("dns:///")) address = address.substr(7);
  const size_t colon = address.rfind(':');
  return {address.substr(0, colon), address.substr(colon + 1)};
}

}  // namespace

Findings CheckRollouts(const Objects& objects) {
  Findings findings;
  for (const Json* deployment : OfKind(objects, "Deployment")) {
    const Json& rolling = At(*deployment, "/spec/strategy/rollingUpdate");
    if (At(rolling, "/maxUnavailable") != 0 || At(rolling, "/maxSurge") != 1) {
      findings.push_back(IdOf(*deployment) + ": maxUnavailable must be 0 and maxSurge 1");
    }
    if (!At(*deployment, "/spec/revisionHistoryLimit").is_number()) {
      findings.push_back(IdOf(*deployment) + ": needs a revisionHistoryLimit");
    }
  }
  for (const Json* set : OfKind(objects, "StatefulSet")) {
    if (ReplicasMax(objects, *set) != 1) {
      findings.push_back(IdOf(*set) + ": one volume, one replica");
    }
  }
  return findings;
}

Findings CheckDisruption(const Objects& objects) {
  Findings findings;
  for (const Json* server : Servers(objects)) {
    int budget_count = 0;
    for (const Json* budget : OfKind(objects, "PodDisruptionBudget")) {
      if (!Selects(At(*budget, "/spec/selector"), LabelsOf(PodOf(*server)))) continue;
      ++budget_count;
      if (At(*budget, "/spec/maxUnavailable") != 1) {
        findings.push_back(IdOf(*budget) + ": maxUnavailable must be 1: 0 blocks every drain");
      }
    }
    if (budget_count != 1) {
      findings.push_back(fmt::format("{}: has {} PodDisruptionBudgets instead of one",
                                     IdOf(*server), budget_count));
    }
  }
  return findings;
}

Findings CheckSpread(const Objects& objects) {
  Findings findings;
  for (const Json* deployment : OfKind(objects, "Deployment")) {
    std::map<std::string, std::string> action;
    for (const Json& spread : At(PodOf(*deployment), "/spec/topologySpreadConstraints")) {
      if (!At(spread, "/labelSelector/matchLabels").contains("app.kubernetes.io/name")) {
        findings.push_back(IdOf(*deployment) + ": spreads other pods than its own");
      }
      if (!Selects(At(spread, "/labelSelector"), LabelsOf(PodOf(*deployment)))) {
        findings.push_back(IdOf(*deployment) + ": a spread selects none of its pods");
      }
      action[TextAt(spread, "/topologyKey")] = TextAt(spread, "/whenUnsatisfiable");
    }
    if (action["topology.kubernetes.io/zone"] != "ScheduleAnyway") {
      findings.push_back(IdOf(*deployment) + ": must spread over zones where it can");
    }
    if (action["kubernetes.io/hostname"] !=
        (IsProduction(objects) ? "DoNotSchedule" : "ScheduleAnyway")) {
      findings.push_back(IdOf(*deployment) + ": must spread over nodes (DoNotSchedule)");
    }
  }
  for (const Json* server : Servers(objects)) {
    const std::string priority = TextAt(PodOf(*server), "/spec/priorityClassName");
    if (IsProduction(objects) && Find(objects, "PriorityClass/" + priority) == nullptr) {
      findings.push_back(IdOf(*server) + ": needs a PriorityClass");
    }
  }
  return findings;
}

Findings CheckAutoscaling(const Objects& objects) {
  Findings findings;
  for (const Json* scaler : OfKind(objects, "HorizontalPodAutoscaler")) {
    const auto need = [&](bool kept, std::string_view what) {
      if (!kept) findings.push_back(fmt::format("{}: {}", IdOf(*scaler), what));
    };
    const Json* target = Find(objects, TextAt(*scaler, "/spec/scaleTargetRef/kind") + "/" +
                                           TextAt(*scaler, "/spec/scaleTargetRef/name"));
    need(target != nullptr, "scales nothing");
    need(target == nullptr || At(*target, "/spec/replicas").is_null(),
         "its target must not set replicas");
    const Json& min = At(*scaler, "/spec/minReplicas");
    const Json& max = At(*scaler, "/spec/maxReplicas");
    need(min.is_number() && max.is_number() && min >= 2 && max > min && max <= 20,
         "must go from 2 or more to at most 20");
    need(At(*scaler, "/spec/behavior/scaleDown/stabilizationWindowSeconds") >= kQuietSeconds,
         "must wait before it takes replicas away");
    std::set<std::string> metrics;
    for (const Json& metric : At(*scaler, "/spec/metrics")) {
      metrics.insert(TextAt(metric, "/resource/name") + TextAt(metric, "/pods/metric/name"));
    }
    need(metrics == std::set<std::string>({"cpu", "gtm_admission_inflight_ratio"}),
         "must look at CPU and calls in flight");
  }
  for (const Json* deployment : OfKind(objects, "Deployment")) {
    if (IsProduction(objects) && ReplicasMax(objects, *deployment) < 2) {
      findings.push_back(IdOf(*deployment) + ": needs at least two replicas");
    }
  }
  return findings;
}

Findings CheckDatabaseBudget(const Objects& objects) {
  const Json* config = Find(objects, "ConfigMap/postgres-config");
  if (config == nullptr) return {};
  std::smatch match;
  const std::string text = TextAt(*config, "/data/postgresql.conf");
  static const std::regex setting(R"((?:^|\n)max_connections = (\d+))");
  const int have = std::regex_search(text, match, setting) ? std::stoi(match[1]) : 0;
  const int each = records::store::StoreOptions().connections_max;
  int need = kSpareConnections;
  for (const Json* workload : Workloads(objects)) {
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      if (!EnvironmentOf(objects, *container).contains("PGSERVICEFILE")) continue;
      // One more during a rollout.
      const bool rolls = TextAt(*workload, "/kind") == "Deployment";
      need += each * (ReplicasMax(objects, *workload) + (rolls ? 1 : 0));
    }
  }
  if (need <= have) return {};
  return {fmt::format("ConfigMap/postgres-config: max_connections {} is less than {}", have, need)};
}

Findings CheckQuota(const Objects& objects) {
  Findings findings;
  std::map<std::string, double> need;
  for (const Json* workload : Workloads(objects)) {
    const bool rolls = TextAt(*workload, "/kind") == "Deployment";
    const int pods = ReplicasMax(objects, *workload) + (rolls ? 1 : 0);
    need["pods"] += pods;
    double cpu = 0, memory = 0;  // init containers run before the others
    double cpu_before = 0, memory_before = 0;
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      const double cpu_one = Quantity(At(*container, "/resources/requests/cpu"));
      const double memory_one = Quantity(At(*container, "/resources/requests/memory"));
      const Json& before = At(PodOf(*workload), "/spec/initContainers");
      if (before.is_array() &&
          std::find(before.begin(), before.end(), *container) != before.end()) {
        cpu_before = std::max(cpu_before, cpu_one);
        memory_before = std::max(memory_before, memory_one);
      } else {
        cpu += cpu_one;
        memory += memory_one;
      }
    }
    need["requests.cpu"] += pods * std::max(cpu, cpu_before);
    need["requests.memory"] += pods * std::max(memory, memory_before);
    need["limits.memory"] = need["requests.memory"];
  }
  for (const Json* quota : OfKind(objects, "ResourceQuota")) {
    for (const auto& [resource, amount] : need) {
      const double have = Quantity(At(*quota, "/spec/hard/" + resource));
      if (have < amount) {
        findings.push_back(fmt::format("{}: {} is {:.0f}, less than {:.0f}", IdOf(*quota), resource,
                                       have, amount));
      }
    }
  }
  if (IsProduction(objects) &&
      (OfKind(objects, "ResourceQuota").empty() || OfKind(objects, "LimitRange").empty())) {
    findings.push_back("a namespace needs a ResourceQuota and a LimitRange");
  }
  return findings;
}

Findings CheckServices(const Objects& objects) {
  Findings findings;
  for (const Json* service : OfKind(objects, "Service")) {
    const Json selector = {{"matchLabels", At(*service, "/spec/selector")}};
    const auto servers = Selected(objects, selector);
    if (servers.size() != 1) {
      findings.push_back(fmt::format("{}: selects the pods of {} workloads instead of one",
                                     IdOf(*service), servers.size()));
      continue;
    }
    std::map<std::string, int> ports;
    for (const Json* container : ContainersOf(PodOf(*servers[0]))) {
      for (const Json& port : At(*container, "/ports")) {
        ports[port.at("name")] = port.at("containerPort");
      }
    }
    for (const Json& port : At(*service, "/spec/ports")) {
      const auto target = ports.find(TextAt(port, "/targetPort"));
      if (target == ports.end()) {
        findings.push_back(fmt::format("{}: port {} leads to no named port of the pod",
                                       IdOf(*service), TextAt(port, "/name")));
      } else if (TextAt(*service, "/spec/clusterIP") == "None" &&
                 port.at("port") != target->second) {
        findings.push_back(fmt::format("{}: a headless Service maps no ports: {} must be {}",
                                       IdOf(*service), TextAt(port, "/name"), target->second));
      }
    }
  }
  for (const Json* server : Servers(objects)) {
    for (const Json* container : ContainersOf(PodOf(*server))) {
      if (!IsOurs(*container)) continue;
      const auto environment = EnvironmentOf(objects, *container);
      std::map<std::string, std::string> listening;
      for (const Json& port : At(*container, "/ports")) {
        listening[port.at("name")] = std::to_string(port.at("containerPort").get<int>());
      }
      for (const auto& [name, key] :
           std::map<std::string, std::string>{{"grpc", "GTM_ADDRESS"},
                                              {"metrics", "GTM_METRICS_ADDRESS"},
                                              {"health", "GTM_HEALTH_ADDRESS"}}) {
        const auto address = environment.find(key);
        if (address == environment.end() ||
            HostAndPort(address->second).second != listening[name]) {
          findings.push_back(
              fmt::format("{}: {} and the port {} differ", IdOf(*server), key, name));
        }
      }
      const auto records = environment.find("GTM_RECORDS_ADDRESS");
      if (records == environment.end()) continue;
      const Json* service = Find(objects, "Service/" + HostAndPort(records->second).first);
      if (service == nullptr || TextAt(*service, "/spec/clusterIP") != "None") {
        findings.push_back(
            fmt::format("{}: GTM_RECORDS_ADDRESS is no headless Service of ours", IdOf(*server)));
      }
    }
  }
  return findings;
}

Findings CheckReferences(const Objects& objects) {
  Findings findings;
  std::set<std::string> known;
  for (const Json& object : objects) known.insert(IdOf(object));
  for (const Json* certificate : OfKind(objects, "Certificate")) {
    known.insert("Secret/" + TextAt(*certificate, "/spec/secretName"));
  }
  for (const std::string& id : DocumentedPrerequisites()) known.insert(id);
  for (const Json* workload : Workloads(objects)) {
    const auto need = [&](const std::string& id) {
      if (!known.contains(id)) {
        findings.push_back(fmt::format("{}: {} is neither made here nor listed in k8s/README.md",
                                       IdOf(*workload), id));
      }
    };
    std::set<std::string> volumes, mounted;
    for (const Json& claim : At(*workload, "/spec/volumeClaimTemplates")) {
      volumes.insert(TextAt(claim, "/metadata/name"));
    }
    for (const Json& volume : At(PodOf(*workload), "/spec/volumes")) {
      if (!volumes.insert(TextAt(volume, "/name")).second) {
        findings.push_back(IdOf(*workload) + ": two volumes of one name");
      }
      if (volume.contains("secret")) need("Secret/" + TextAt(volume, "/secret/secretName"));
      if (volume.contains("configMap")) need("ConfigMap/" + TextAt(volume, "/configMap/name"));
      if (volume.contains("persistentVolumeClaim")) {
        need("PersistentVolumeClaim/" + TextAt(volume, "/persistentVolumeClaim/claimName"));
      }
    }
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      for (const Json& from : At(*container, "/envFrom")) {
        need("ConfigMap/" + TextAt(from, "/configMapRef/name"));
      }
      for (const Json& mount : At(*container, "/volumeMounts")) {
        mounted.insert(TextAt(mount, "/name"));
      }
    }
    if (volumes != mounted) {
      findings.push_back(IdOf(*workload) + ": volumes and mounts do not agree");
    }
  }
  return findings;
}

Findings CheckNamespaces(const Objects& objects) {
  Findings findings;
  if (OfKind(objects, "Namespace").size() != 1) return {"an overlay makes one Namespace"};
  const Json& space = *OfKind(objects, "Namespace")[0];
  for (const char* mode : {"enforce", "warn", "audit"}) {
    const std::string label = fmt::format("pod-security.kubernetes.io~1{}", mode);
    if (TextAt(space, "/metadata/labels/" + label) != "restricted") {
      findings.push_back(fmt::format("{}: {} restricted", IdOf(space), mode));
    }
  }
  static const std::set<std::string> everywhere = {"Namespace", "PriorityClass"};
  for (const Json& object : objects) {
    const bool is_wide = everywhere.contains(TextAt(object, "/kind"));
    const std::string expected = is_wide ? "" : TextAt(space, "/metadata/name");
    if (TextAt(object, "/metadata/namespace") != expected) {
      findings.push_back(IdOf(object) + ": is in another namespace");
    }
  }
  return findings;
}

Findings CheckJobs(const Objects& objects) {
  Findings findings;
  const auto check = [&](const Json& object, const Json& spec) {
    if (!At(spec, "/backoffLimit").is_number() || !At(spec, "/activeDeadlineSeconds").is_number()) {
      findings.push_back(IdOf(object) + ": needs a backoffLimit and an activeDeadlineSeconds");
    }
    if (TextAt(spec, "/template/spec/restartPolicy") != "Never") {
      findings.push_back(IdOf(object) + ": restartPolicy must be Never: a failed pod is a trace");
    }
  };
  for (const Json* job : OfKind(objects, "Job")) {
    check(*job, At(*job, "/spec"));
    if (!At(*job, "/spec/ttlSecondsAfterFinished").is_number()) {
      findings.push_back(IdOf(*job) + ": needs a ttlSecondsAfterFinished");
    }
    const std::string version = std::regex_replace(GTM_VERSION, std::regex(R"(\.)"), "-");
    if (!TextAt(*job, "/metadata/name").ends_with("-" + version)) {
      findings.push_back(
          fmt::format("{}: a Job cannot be changed; its name ends with -{}", IdOf(*job), version));
    }
  }
  for (const Json* job : OfKind(objects, "CronJob")) {
    check(*job, At(*job, "/spec/jobTemplate/spec"));
    if (TextAt(*job, "/spec/concurrencyPolicy") != "Forbid") {
      findings.push_back(IdOf(*job) + ": concurrencyPolicy must be Forbid");
    }
  }
  return findings;
}

Findings CheckConfigHashes(const Objects& objects) {
  static const std::regex hashed(R"(.+-[a-z0-9]{10})");
  Findings findings;
  for (const Json* workload : Workloads(objects)) {
    std::vector<std::string> names;
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      for (const Json& from : At(*container, "/envFrom")) {
        names.push_back(TextAt(from, "/configMapRef/name"));
      }
    }
    for (const Json& volume : At(PodOf(*workload), "/spec/volumes")) {
      const std::string name = TextAt(volume, "/configMap/name");
      if (Find(objects, "ConfigMap/" + name) != nullptr) names.push_back(name);
    }
    for (const std::string& name : names) {
      if (!std::regex_match(name, hashed)) {
        findings.push_back(
            fmt::format("{}: ConfigMap {} needs a hash suffix, so that a change "
                        "rolls the pods",
                        IdOf(*workload), name));
      }
    }
  }
  return findings;
}

Findings CheckIdentity(const Objects& objects) {
  Findings findings;
  const Json* identities = Find(objects, "ConfigMap/gtm-identities");
  for (const Json* server : Servers(objects)) {
    for (const Json* container : ContainersOf(PodOf(*server))) {
      if (!IsOurs(*container)) continue;
      auto environment = EnvironmentOf(objects, *container);
      const auto need = [&](bool kept, std::string_view what) {
        if (!kept) findings.push_back(fmt::format("{}: {}", IdOf(*server), what));
      };
      if (environment["GTM_AUTH"] != "required") {
        need(HostAndPort(environment["GTM_ADDRESS"]).first == "127.0.0.1",
             "without authentication the API listens on loopback only");
        continue;
      }
      for (const char* key :
           {"GTM_TLS_CERT_FILE", "GTM_TLS_KEY_FILE", "GTM_TLS_CA_FILE", "GTM_TLS_CLIENT_CA_FILE",
            "GTM_IDENTITIES_FILE", "GTM_JWKS_FILE", "GTM_JWT_ISSUER", "GTM_JWT_AUDIENCE"}) {
        need(!environment[key].empty(), fmt::format("needs {}", key));
      }
      need(environment["GTM_REFLECTION"] == "0", "reflection is off in front of others");
      const std::string name = TextAt(*server, "/metadata/name");
      const Json* certificate = Find(objects, "Certificate/" + name);
      if (certificate == nullptr) continue;  // made elsewhere
      const std::string uri = TextAt(*certificate, "/spec/uris/0");
      need(name == "gtm-records" ||
               (identities != nullptr && identities->dump().find(uri) != std::string::npos),
           fmt::format("identities.toml does not know {}", uri));
      for (const Json* service : OfKind(objects, "Service")) {
        const Json& names = At(*certificate, "/spec/dnsNames");
        const Json selector = {{"matchLabels", At(*service, "/spec/selector")}};
        if (!Selects(selector, LabelsOf(PodOf(*server)))) continue;
        const std::string host = TextAt(*service, "/metadata/name");
        const std::string full = host + "." + TextAt(*service, "/metadata/namespace") + ".svc";
        need(std::find(names.begin(), names.end(), host) != names.end() &&
                 std::find(names.begin(), names.end(), full) != names.end(),
             fmt::format("its certificate is not for {} and {}", host, full));
      }
    }
  }
  return findings;
}

std::vector<std::string> DocumentedPrerequisites() {
  std::ifstream file("k8s/README.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::vector<std::string> ids;
  static const std::regex row(R"(\n\| `((?:Secret|ConfigMap)/[a-z0-9-]+)`)");
  for (std::sregex_iterator it(text.begin(), text.end(), row), end; it != end; ++it) {
    ids.push_back((*it)[1]);
  }
  return ids;
}

}  // namespace gtm::deploy
