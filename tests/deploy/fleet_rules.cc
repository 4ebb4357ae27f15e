#include <fmt/format.h>

#include <algorithm>
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

}  // namespace gtm::deploy
