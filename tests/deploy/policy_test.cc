// Every overlay keeps every rule, and every rule notices what breaks it.

#include "tests/deploy/policy.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace gtm::deploy {
namespace {

constexpr const char* kOverlays[] = {"k8s/overlays/local", "k8s/overlays/production"};

const Objects& Overlay(const std::string& folder) {
  static std::map<std::string, Objects> rendered;
  const auto [it, is_new] = rendered.try_emplace(folder);
  if (is_new) it->second = Render(folder);
  return it->second;
}

const Objects& Production() { return Overlay("k8s/overlays/production"); }

TEST(Policy, HoldsInEveryOverlay) {
  for (const char* folder : kOverlays) {
    EXPECT_GE(Overlay(folder).size(), 5u) << folder;
    for (const Rule& rule : Rules()) {
      for (const std::string& finding : rule.check(Overlay(folder))) {
        ADD_FAILURE() << folder << ": " << rule.name << ": " << finding;
      }
    }
  }
}

// One mistake: a JSON patch of one object of production that one rule must notice.
struct Mistake {
  std::string rule;
  std::string object;
  std::string patch;
};

const std::vector<Mistake>& Mistakes() {
  static const std::string pod = "/spec/template/spec";
  static const std::string server = pod + "/containers/0";
  static const std::string context = server + "/securityContext";
  const auto remove = [](const std::string& path) {
    return fmt::format(R"([{{"op": "remove", "path": "{}"}}])", path);
  };
  const auto set = [](const std::string& path, const std::string& value) {
    return fmt::format(R"([{{"op": "add", "path": "{}", "value": {}}}])", path, value);
  };
  static const std::string growth = "Deployment/gtm-growth";
  static const std::vector<Mistake> mistakes = {
      {"restricted", growth, remove(pod + "/securityContext/runAsNonRoot")},
      {"restricted", growth, set(pod + "/securityContext/runAsUser", "0")},
      {"restricted", growth, remove(pod + "/securityContext/seccompProfile")},
      {"restricted", growth, set(pod + "/hostNetwork", "true")},
      {"restricted", growth,
       set(pod + "/volumes/-", R"({"name": "host", "hostPath": {"path": "/"}})")},
      {"restricted", growth, remove(pod + "/enableServiceLinks")},
      {"restricted", growth, set(context + "/allowPrivilegeEscalation", "true")},
      {"restricted", growth, set(context + "/readOnlyRootFilesystem", "false")},
      {"restricted", growth, set(context + "/capabilities/drop", R"(["NET_RAW"])")},
      {"restricted", growth, set(context + "/capabilities/add", R"(["SYS_ADMIN"])")},
      {"restricted", growth, set(server + "/ports/0/hostPort", "7700")},
      {"service accounts", growth, remove(pod + "/serviceAccountName")},
      {"service accounts", growth, set(pod + "/serviceAccountName", R"("gtm-records")")},
      {"service accounts", growth, remove(pod + "/automountServiceAccountToken")},
      {"service accounts", "ServiceAccount/gtm-growth", set("/kind", R"("Role")")},
      {"probes", growth, remove(server + "/readinessProbe")},
      {"probes", growth, set(server + "/livenessProbe", R"({"grpc": {"port": 7700}})")},
      {"drain", growth, set(pod + "/terminationGracePeriodSeconds", "35")},
      {"drain", growth, remove(server + "/lifecycle")},
      {"resources", growth, set(server + "/resources/limits/cpu", R"("2")")},
      {"resources", growth, set(server + "/resources/limits/memory", R"("8Gi")")},
      {"resources", growth, remove(server + "/resources/limits/ephemeral-storage")},
      {"book memory", growth,
       set(server + "/resources",
           R"({"requests": {"memory": "3Gi"}, "limits": {"memory": "3Gi"}})")},
      {"images", growth, set(server + "/image", R"("registry.example.com/gtm:latest")")},
      {"images", growth, set(server + "/image", R"("registry.example.com/gtm:0.1.0")")},
      {"secrets", growth,
       set(server + "/env/-", R"({"name": "PGPASSWORD", "value": "correct horse"})")},
      {"secrets", growth,
       set(server + "/env/-",
           R"({"name": "GTM_KEY", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}})")},
      {"secrets", growth, set(server + "/envFrom/-", R"({"secretRef": {"name": "a"}})")},
      {"secrets", growth,
       set(server + "/env/-", R"({"name": "GTM_STORE", "value": "postgres://gtm:pw@db/gtm"})")},
      {"secrets", "ConfigMap/postgres-init", set("/kind", R"("Secret")")},
      {"labels", growth, remove("/metadata/labels/app.kubernetes.io~1name")},
      {"labels", "Service/gtm-growth", remove("/metadata/labels/app.kubernetes.io~1part-of")},
      {"rollouts", growth, set("/spec/strategy/rollingUpdate/maxUnavailable", "1")},
      {"rollouts", "StatefulSet/postgres", set("/spec/replicas", "2")},
      {"disruption", "PodDisruptionBudget/gtm-growth", set("/spec/maxUnavailable", "0")},
      {"disruption", "PodDisruptionBudget/gtm-growth",
       set("/spec/selector/matchLabels/app.kubernetes.io~1name", R"("gtm-grwoth")")},
      {"disruption", "PodDisruptionBudget/gtm-growth", remove("/spec/selector")},
      {"spread", growth, remove(pod + "/topologySpreadConstraints/1")},
      {"spread", growth,
       remove(pod +
              "/topologySpreadConstraints/0/labelSelector/matchLabels/app.kubernetes.io~1name")},
      {"spread", growth, remove(pod + "/priorityClassName")},
      {"autoscaling", "HorizontalPodAutoscaler/gtm-growth", set("/spec/minReplicas", "1")},
      {"autoscaling", "HorizontalPodAutoscaler/gtm-growth", set("/spec/maxReplicas", "200")},
      {"autoscaling", "HorizontalPodAutoscaler/gtm-growth", remove("/spec/metrics/1")},
      {"autoscaling", "HorizontalPodAutoscaler/gtm-growth",
       set("/spec/behavior/scaleDown/stabilizationWindowSeconds", "0")},
      {"autoscaling", growth, set("/spec/replicas", "3")},
      {"database budget", "HorizontalPodAutoscaler/gtm-records", set("/spec/maxReplicas", "12")},
      {"quota", "HorizontalPodAutoscaler/gtm-growth", set("/spec/maxReplicas", "16")},
      {"quota", "LimitRange/gtm", set("/kind", R"("ConfigMap")")},
      {"services", "Service/gtm-growth", set("/spec/ports/0/targetPort", R"("grcp")")},
      {"services", "Service/gtm-growth-headless", set("/spec/ports/0/port", "80")},
      {"services", "Service/gtm-growth",
       set("/spec/selector/app.kubernetes.io~1name", R"("gtm-grwoth")")},
      {"services", growth, set(server + "/ports/2/containerPort", "7703")},
      {"services", growth,
       set(server + "/env/-", R"({"name": "GTM_RECORDS_ADDRESS", "value": "gtm-records:7700"})")},
      {"references", growth, set(pod + "/volumes/0/configMap/name", R"("nobodys")")},
      {"references", growth, remove(server + "/volumeMounts/0")},
      {"namespaces", "Namespace/gtm",
       set("/metadata/labels/pod-security.kubernetes.io~1enforce", R"("baseline")")},
      {"namespaces", growth, set("/metadata/namespace", R"("default")")},
      {"jobs", "CronJob/gtm-backup", set("/spec/concurrencyPolicy", R"("Allow")")},
      {"jobs", "Job/gtm-migrate-" GTM_VERSION_DASHED, remove("/spec/backoffLimit")},
      {"jobs", "Job/gtm-migrate-" GTM_VERSION_DASHED, set("/metadata/name", R"("gtm-migrate")")},
      {"config hashes", growth, set(server + "/envFrom/0/configMapRef/name", R"("gtm-config")")},
      {"identity", "ConfigMap/gtm-config", set("/data/GTM_AUTH", R"("none")")},
      {"identity", "ConfigMap/gtm-config", remove("/data/GTM_TLS_CLIENT_CA_FILE")},
      {"identity", "Certificate/gtm-records", set("/spec/dnsNames", R"(["gtm-records"])")},
      {"identity", "Certificate/gtm-growth", set("/spec/uris/0", R"("spiffe://gtm.internal/x")")},
      {"network", "NetworkPolicy/default-deny", set("/kind", R"("ConfigMap")")},
      {"network", "NetworkPolicy/records-from-services", remove("/spec/ingress/0/ports")},
      {"network", "NetworkPolicy/grpc-from-clients",
       set("/spec/ingress/0/from/0/namespaceSelector", "{}")},
      {"network", "NetworkPolicy/records-to-postgres", set("/spec/egress/0/ports/0/port", "5433")},
  };
  return mistakes;
}

TEST(Policy, NoticesEveryMistake) {
  std::set<std::string> noticing;
  for (const Mistake& mistake : Mistakes()) {
    const std::string what = fmt::format("{}: {} {}", mistake.rule, mistake.object, mistake.patch);
    Objects objects = Production();
    Json* object = const_cast<Json*>(Find(objects, mistake.object));
    ASSERT_NE(object, nullptr) << what;
    ASSERT_NO_THROW(*object = object->patch(Json::parse(mistake.patch))) << what;
    for (const Rule& rule : Rules()) {
      if (rule.name != mistake.rule) continue;
      EXPECT_FALSE(rule.check(objects).empty()) << "not noticed: " << what;
      noticing.insert(mistake.rule);
    }
  }
  for (const Rule& rule : Rules()) {
    EXPECT_TRUE(noticing.contains(std::string(rule.name))) << rule.name << " has no bad fixture";
  }
}

// A folder that is gone with the test.
struct Folder {
  explicit Folder(std::string path) : path(std::move(path)) {
    std::filesystem::create_directories(this->path);
  }
  ~Folder() { std::filesystem::remove_all(path); }
  const std::string path;
};

// Renders base with these components.
Objects RenderWith(const std::vector<std::string>& components) {
  const Folder folder(fmt::format("build/tools/deploy_render/overlay-{}", getpid()));
  std::ofstream file(folder.path + "/kustomization.yaml");
  file << "resources: [../../../../k8s/base]\ncomponents:\n";
  for (const std::string& name : components)
    file << "- ../../../../k8s/components/" << name << "\n";
  file.close();
  return Render(folder.path);
}

TEST(Policy, EveryComponentCanBeTakenAloneAndLeftOut) {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator("k8s/components")) {
    all.push_back(entry.path().filename().string());
  }
  ASSERT_EQ(all.size(), 8u);
  const size_t without_any = RenderWith({}).size();
  const size_t with_all = RenderWith(all).size();
  for (const std::string& name : all) {
    std::vector<std::string> others = all;
    std::erase(others, name);
    try {
      EXPECT_GT(RenderWith({name}).size(), without_any) << name;
      EXPECT_LT(RenderWith(others).size(), with_all) << name;
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << name << ": " << error.what();
    }
  }
}

TEST(Policy, DoesNotRenderWhatIsNotThere) {
  EXPECT_THROW(Render("k8s/overlays/nobodys"), std::runtime_error);
}

}  // namespace
}  // namespace gtm::deploy
