#include "tests/deploy/manifests.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "tests/deploy/run.h"

namespace gtm::deploy {
namespace {

const Json kNull;

}  // namespace

Objects Render(const std::string& folder) {
  const std::string program = "build/tools/deploy_render/render";
  if (!std::filesystem::exists(program)) {
    throw std::runtime_error(program +
                             " is missing; `./dev test` makes it, once and with a network");
  }
  const Output output = Run({program, folder});
  if (output.exit_code != 0) throw std::runtime_error(output.error);
  return Json::parse(output.text).at(folder).get<Objects>();
}

std::string IdOf(const Json& object) {
  return TextAt(object, "/kind") + "/" + TextAt(object, "/metadata/name");
}

const Json* Find(const Objects& objects, const std::string& id) {
  for (const Json& object : objects) {
    const std::string have = IdOf(object);
    if (have == id) return &object;
    const bool hashed = have.size() == id.size() + 11 && have[id.size()] == '-';
    if (hashed && have.starts_with("ConfigMap/") && have.starts_with(id)) return &object;
  }
  return nullptr;
}

std::vector<const Json*> OfKind(const Objects& objects, std::string_view kind) {
  std::vector<const Json*> found;
  for (const Json& object : objects) {
    if (TextAt(object, "/kind") == kind) found.push_back(&object);
  }
  return found;
}

const Json& At(const Json& value, const std::string& pointer) {
  const Json::json_pointer at(pointer);
  return value.contains(at) ? value.at(at) : kNull;
}

std::string TextAt(const Json& value, const std::string& pointer) {
  const Json& found = At(value, pointer);
  return found.is_string() ? found.get<std::string>() : "";
}

std::vector<const Json*> Servers(const Objects& objects) {
  std::vector<const Json*> found = OfKind(objects, "Deployment");
  for (const Json* set : OfKind(objects, "StatefulSet")) found.push_back(set);
  return found;
}

std::vector<const Json*> Workloads(const Objects& objects) {
  std::vector<const Json*> found = Servers(objects);
  for (const std::string_view kind : {"Job", "CronJob"}) {
    for (const Json* job : OfKind(objects, kind)) found.push_back(job);
  }
  return found;
}

const Json& PodOf(const Json& workload) {
  return At(workload, TextAt(workload, "/kind") == "CronJob" ? "/spec/jobTemplate/spec/template"
                                                             : "/spec/template");
}

std::vector<const Json*> ContainersOf(const Json& pod) {
  std::vector<const Json*> containers;
  for (const char* list : {"/spec/initContainers", "/spec/containers"}) {
    for (const Json& container : At(pod, list)) containers.push_back(&container);
  }
  return containers;
}

bool IsOurs(const Json& container) {
  const Json& command = At(container, "/command/0");
  return command.is_string() && command.get<std::string>().starts_with("/usr/bin/gtm");
}

std::map<std::string, std::string> EnvironmentOf(const Objects& objects, const Json& container) {
  std::map<std::string, std::string> environment;
  for (const Json& from : At(container, "/envFrom")) {
    const Json* map = Find(objects, "ConfigMap/" + TextAt(from, "/configMapRef/name"));
    if (map == nullptr) continue;
    for (const auto& [key, value] : At(*map, "/data").items()) environment[key] = value;
  }
  for (const Json& entry : At(container, "/env")) {
    environment[entry.at("name")] = entry.contains("value") ? entry.at("value") : "<from pod>";
  }
  return environment;
}

bool Selects(const Json& selector, const Json& labels) {
  if (selector.is_null()) return false;
  for (const auto& [key, value] : At(selector, "/matchLabels").items()) {
    if (!labels.contains(key) || labels.at(key) != value) return false;
  }
  for (const Json& expression : At(selector, "/matchExpressions")) {
    const std::string key = expression.at("key");
    if (!labels.contains(key)) return false;
    if (expression.at("operator") == "Exists") continue;
    const Json& values = expression.at("values");
    if (std::find(values.begin(), values.end(), labels.at(key)) == values.end()) return false;
  }
  return true;
}

double Quantity(const Json& text) {
  if (text.is_number()) return text.get<double>();
  if (!text.is_string()) return 0;
  size_t end = 0;
  const std::string quantity = text.get<std::string>();
  const double number = std::stod(quantity, &end);
  const std::string unit = quantity.substr(end);
  if (unit == "m") return number / 1000;
  if (unit == "Ki") return number * 1024;
  if (unit == "Mi") return number * 1024 * 1024;
  if (unit == "Gi") return number * 1024 * 1024 * 1024;
  return number;
}

int ReplicasMax(const Objects& objects, const Json& server) {
  for (const Json* scaler : OfKind(objects, "HorizontalPodAutoscaler")) {
    if (At(*scaler, "/spec/scaleTargetRef/kind") == At(server, "/kind") &&
        At(*scaler, "/spec/scaleTargetRef/name") == At(server, "/metadata/name")) {
      return At(*scaler, "/spec/maxReplicas").get<int>();
    }
  }
  const Json& count = At(server, "/spec/replicas");
  return count.is_number() ? count.get<int>() : 1;
}

}  // namespace gtm::deploy
