// Manifests against the types of the Kubernetes API, of prometheus-operator and of cert-manager:
// kustomize itself accepts any field.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "tests/deploy/manifests.h"
#include "tests/deploy/run.h"

namespace gtm::deploy {
namespace {

const std::string kTools = "build/tools/deploy_types";

// The module that describes an object: "kubernetes-models/apps/v1/Deployment".
std::string ModuleOf(const Json& object) {
  const std::string api = TextAt(object, "/apiVersion");
  std::string package = "kubernetes-models";
  if (api.starts_with("monitoring.coreos.com/")) package = "@kubernetes-models/prometheus-operator";
  if (api.starts_with("cert-manager.io/")) package = "@kubernetes-models/cert-manager";
  return fmt::format("{}/{}/{}", package, api, TextAt(object, "/kind"));
}

// Statements that the compiler refuses where a field has a wrong name or type.
std::string Declare(const Json& object, size_t number) {
  return fmt::format("import {{I{0} as T{1}}} from \"{2}\";\nexport const v{1}: T{1} = {3};\n",
                     TextAt(object, "/kind"), number, ModuleOf(object), object.dump());
}

// What the compiler says of these files, by name.
std::string Compile(const std::map<std::string, std::string>& files) {
  const std::string compiler = kTools + "/node_modules/typescript/bin/tsc";
  if (!std::filesystem::exists(compiler)) {
    return compiler + " is missing; `./dev test` installs it, once and with a network";
  }
  const std::string folder = fmt::format("{}/check-{}", kTools, getpid());
  std::filesystem::create_directories(folder);
  std::vector<std::string> command = {
      "node",     compiler,   "--strict", "--noEmit", "--skipLibCheck",
      "--target", "es2022",   "--module", "nodenext", "--moduleResolution",
      "nodenext", "--pretty", "false"};
  for (const auto& [name, text] : files) {
    std::ofstream(folder + "/" + name + ".ts") << text;
    command.push_back(folder + "/" + name + ".ts");
  }
  const Output output = Run(command);
  std::filesystem::remove_all(folder);
  return output.exit_code == 0 ? "" : "tsc: " + output.text + output.error;
}

TEST(Types, OfEveryObjectOfEveryOverlay) {
  std::map<std::string, std::string> files;
  size_t number = 0;
  for (const char* overlay : {"local", "production"}) {
    for (const Json& object : Render(std::string("k8s/overlays/") + overlay)) {
      files[overlay] += Declare(object, ++number);
    }
  }
  EXPECT_GT(number, 50u);
  EXPECT_EQ(Compile(files), "");
}

TEST(Types, NoticeWrongNamesAndTypes) {
  const std::map<std::string, std::string> wrong = {
      {"replicaz", R"({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "a"},
        "spec": {"replicaz": 3, "selector": {}, "template": {}}})"},
      {"securityContxt", R"({"apiVersion": "apps/v1", "kind": "Deployment",
        "spec": {"selector": {}, "template": {"spec": {"containers": [
          {"name": "a", "securityContxt": {"runAsNonRoot": true}}]}}}})"},
      {"text_for_a_number", R"({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "spec": {"maxReplicas": "6", "scaleTargetRef": {"kind": "Deployment", "name": "a"}}})"},
      {"polcyTypes", R"({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "spec": {"podSelector": {}, "polcyTypes": ["Ingress"]}})"},
      {"intervall", R"({"apiVersion": "monitoring.coreos.com/v1", "kind": "ServiceMonitor",
        "spec": {"selector": {}, "endpoints": [{"port": "metrics", "intervall": "15s"}]}})"},
      {"lables", R"({"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule",
        "spec": {"groups": [
          {"name": "a", "rules": [{"alert": "A", "expr": "1", "lables": {}}]}]}})"},
      {"dnsName", R"({"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
        "spec": {"secretName": "a", "issuerRef": {"name": "a"}, "dnsName": ["a"]}})"}};
  std::map<std::string, std::string> files;
  for (const auto& [name, text] : wrong) files[name] = Declare(Json::parse(text), 1);
  const std::string findings = Compile(files);
  for (const auto& [name, text] : wrong) {
    EXPECT_NE(findings.find("/" + name + ".ts("), std::string::npos)
        << name << " is not noticed: " << findings;
  }
}

}  // namespace
}  // namespace gtm::deploy
