#pragma once
// The objects that kustomize makes of a folder of k8s/, and what rules ask about them.

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gtm::deploy {

using Json = nlohmann::json;
using Objects = std::vector<Json>;

// Renders the kustomization in `folder` ("k8s/overlays/local"). Throws std::runtime_error with
// what is missing and how to get it, or with what kustomize says.
Objects Render(const std::string& folder);

// "Deployment/gtm-records".
std::string IdOf(const Json& object);
// The object of that id, or nullptr. A ConfigMap is also found without its hash suffix.
const Json* Find(const Objects& objects, const std::string& id);
std::vector<const Json*> OfKind(const Objects& objects, std::string_view kind);

// The value at a JSON pointer, or null.
const Json& At(const Json& value, const std::string& pointer);
// The string there, or "".
std::string TextAt(const Json& value, const std::string& pointer);

// Deployments and StatefulSets: what runs all the time.
std::vector<const Json*> Servers(const Objects& objects);
// Whatever makes pods: servers, Jobs and CronJobs.
std::vector<const Json*> Workloads(const Objects& objects);
// The pod template (metadata, spec) of a workload.
const Json& PodOf(const Json& workload);
// Containers and init containers of a pod.
std::vector<const Json*> ContainersOf(const Json& pod);
// True for a container of the platform's own image.
bool IsOurs(const Json& container);

// The environment of a container: ConfigMaps of envFrom, then its own values. Values that come
// from the pod stand as "<from pod>".
std::map<std::string, std::string> EnvironmentOf(const Objects& objects, const Json& container);

// Does a label selector (matchLabels, matchExpressions with In and Exists) select the labels? An
// empty one selects all, none at all selects nothing.
bool Selects(const Json& selector, const Json& labels);

// Kubernetes quantities: "250m" is 0.25, "64Mi" is 67108864.
double Quantity(const Json& text);

// Most replicas that a server may come to: of its autoscaler, or its own count.
int ReplicasMax(const Objects& objects, const Json& server);

}  // namespace gtm::deploy
