#include <fmt/format.h>

#include <array>
#include <cctype>
#include <regex>

#include "tests/deploy/policy.h"

namespace gtm::deploy {
namespace {

constexpr double kBookShareMax = 0.7;  // the rest: answers on their way, gRPC, the allocator

std::string Where(const Json& workload, const Json& container) {
  return fmt::format("{}: container {}", IdOf(workload), TextAt(container, "/name"));
}

bool IsTrue(const Json& value, const std::string& pointer) { return At(value, pointer) == true; }
bool IsFalse(const Json& value, const std::string& pointer) { return At(value, pointer) == false; }

// Volume types of the restricted profile that we use.
constexpr std::array kVolumes = {"configMap", "secret",    "emptyDir", "persistentVolumeClaim",
                                 "projected", "ephemeral", "csi",      "downwardAPI"};

void CheckRestrictedPod(const Json& workload, Findings* findings) {
  const Json& pod = PodOf(workload);
  const auto need = [&](bool kept, std::string_view what) {
    if (!kept) findings->push_back(fmt::format("{}: {}", IdOf(workload), what));
  };
  need(IsTrue(pod, "/spec/securityContext/runAsNonRoot"), "runAsNonRoot must be true");
  for (const char* id : {"runAsUser", "runAsGroup", "fsGroup"}) {
    const Json& value = At(pod, fmt::format("/spec/securityContext/{}", id));
    need(value.is_number() && value > 0, fmt::format("{} must be a number above 0", id));
  }
  need(TextAt(pod, "/spec/securityContext/seccompProfile/type") == "RuntimeDefault",
       "seccompProfile must be RuntimeDefault");
  for (const char* host : {"hostNetwork", "hostPID", "hostIPC"}) {
    need(!IsTrue(pod, fmt::format("/spec/{}", host)), fmt::format("{} is forbidden", host));
  }
  for (const Json& volume : At(pod, "/spec/volumes")) {
    bool is_allowed = false;
    for (const char* type : kVolumes) is_allowed |= volume.contains(type);
    need(is_allowed, fmt::format("volume {} is of a forbidden type", TextAt(volume, "/name")));
    if (volume.contains("emptyDir")) {
      need(At(volume, "/emptyDir").contains("sizeLimit"),
           fmt::format("volume {} needs a sizeLimit", TextAt(volume, "/name")));
    }
  }
  need(IsFalse(pod, "/spec/enableServiceLinks"),
       "enableServiceLinks must be false: GTM_... is our configuration");
}

}  // namespace

Findings CheckRestricted(const Objects& objects) {
  Findings findings;
  for (const Json* workload : Workloads(objects)) {
    CheckRestrictedPod(*workload, &findings);
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      const Json& context = At(*container, "/securityContext");
      const auto need = [&](bool kept, std::string_view what) {
        if (!kept) findings.push_back(fmt::format("{}: {}", Where(*workload, *container), what));
      };
      need(IsFalse(context, "/allowPrivilegeEscalation"), "allowPrivilegeEscalation must be false");
      need(IsTrue(context, "/readOnlyRootFilesystem"), "readOnlyRootFilesystem must be true");
      need(At(context, "/capabilities/drop") == Json({"ALL"}), "must drop ALL capabilities");
      need(At(context, "/capabilities/add").is_null(), "must add no capability");
      need(!IsTrue(context, "/privileged"), "privileged is forbidden");
      for (const char* own : {"runAsUser", "runAsNonRoot", "seccompProfile", "procMount"}) {
        need(!context.contains(own), fmt::format("{} is the pod's matter", own));
      }
      for (const Json& port : At(*container, "/ports")) {
        need(!port.contains("hostPort"), "hostPort is forbidden");
      }
    }
  }
  return findings;
}

Findings CheckServiceAccounts(const Objects& objects) {
  Findings findings;
  std::map<std::string, std::string> user;
  for (const Json* workload : Workloads(objects)) {
    const Json& pod = PodOf(*workload);
    const std::string account = TextAt(pod, "/spec/serviceAccountName");
    const Json* found = Find(objects, "ServiceAccount/" + account);
    if (account.empty() || account == "default" || found == nullptr) {
      findings.push_back(IdOf(*workload) + ": needs a ServiceAccount of its own");
    } else if (!IsFalse(*found, "/automountServiceAccountToken")) {
      findings.push_back(IdOf(*found) + ": automountServiceAccountToken must be false");
    }
    if (!IsFalse(pod, "/spec/automountServiceAccountToken")) {
      findings.push_back(IdOf(*workload) + ": automountServiceAccountToken must be false");
    }
    if (!user.emplace(account, IdOf(*workload)).second) {
      findings.push_back(IdOf(*workload) + ": shares a ServiceAccount with " + user[account]);
    }
  }
  for (const char* kind : {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}) {
    for (const Json* object : OfKind(objects, kind)) {
      findings.push_back(IdOf(*object) + ": nothing of ours calls the Kubernetes API");
    }
  }
  return findings;
}

Findings CheckProbes(const Objects& objects) {
  Findings findings;
  for (const Json* server : Servers(objects)) {
    for (const Json* container : ContainersOf(PodOf(*server))) {
      for (const char* probe : {"startupProbe", "readinessProbe", "livenessProbe"}) {
        const Json& found = At(*container, fmt::format("/{}", probe));
        if (found.is_null()) {
          findings.push_back(fmt::format("{}: needs a {}", Where(*server, *container), probe));
          continue;
        }
        if (!IsOurs(*container)) continue;
        int health = 0;
        for (const Json& port : At(*container, "/ports")) {
          if (port.at("name") == "health") health = port.at("containerPort");
        }
        if (At(found, "/grpc/port") != health) {
          findings.push_back(fmt::format("{}: {} must be grpc on the health port",
                                         Where(*server, *container), probe));
        }
      }
    }
  }
  return findings;
}

Findings CheckDrain(const Objects& objects) {
  Findings findings;
  for (const Json* server : Servers(objects)) {
    for (const Json* container : ContainersOf(PodOf(*server))) {
      if (!IsOurs(*container)) continue;
      auto environment = EnvironmentOf(objects, *container);
      const std::string& delay = environment["GTM_DRAIN_DELAY_MS"];
      const std::string& drain = environment["GTM_DRAIN_MS"];
      const Json& pause = At(*container, "/lifecycle/preStop/sleep/seconds");
      const Json& grace = At(PodOf(*server), "/spec/terminationGracePeriodSeconds");
      if (!pause.is_number() || pause < 1 || delay.empty() || drain.empty() || !grace.is_number()) {
        findings.push_back(Where(*server, *container) +
                           ": needs preStop sleep, both drain times and a termination grace");
      } else if (pause.get<double>() + (std::stod(delay) + std::stod(drain)) / 1000 >=
                 grace.get<double>()) {
        findings.push_back(Where(*server, *container) +
                           ": preStop and drain must end before the termination grace");
      }
    }
  }
  return findings;
}

Findings CheckResources(const Objects& objects) {
  Findings findings;
  for (const Json* workload : Workloads(objects)) {
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      const Json& resources = At(*container, "/resources");
      const auto need = [&](bool kept, std::string_view what) {
        if (!kept) findings.push_back(fmt::format("{}: {}", Where(*workload, *container), what));
      };
      need(Quantity(At(resources, "/requests/cpu")) > 0, "must request CPU");
      need(At(resources, "/limits/cpu").is_null(), "a CPU limit throttles answers; use requests");
      need(Quantity(At(resources, "/requests/memory")) > 0 &&
               At(resources, "/requests/memory") == At(resources, "/limits/memory"),
           "must request the memory that it is limited to");
      need(Quantity(At(resources, "/requests/ephemeral-storage")) > 0 &&
               Quantity(At(resources, "/limits/ephemeral-storage")) > 0,
           "must request and limit ephemeral-storage");
    }
  }
  return findings;
}

Findings CheckBookMemory(const Objects& objects) {
  Findings findings;
  for (const Json* server : Servers(objects)) {
    for (const Json* container : ContainersOf(PodOf(*server))) {
      const std::string program = IsOurs(*container) ? TextAt(*container, "/command/0") : "";
      if (program.empty() || program == "/usr/bin/gtm-records") continue;  // holds no Books
      const auto environment = EnvironmentOf(objects, *container);
      const auto books = environment.find("GTM_BOOK_MEMORY_MIB");
      const double limit = Quantity(At(*container, "/resources/limits/memory")) / (1024 * 1024);
      if (books == environment.end() || std::stod(books->second) > kBookShareMax * limit) {
        findings.push_back(fmt::format("{}: GTM_BOOK_MEMORY_MIB must be at most {} of the limit",
                                       Where(*server, *container), kBookShareMax));
      }
    }
  }
  return findings;
}

Findings CheckImages(const Objects& objects) {
  static const std::regex digest(R"(.+@sha256:[0-9a-f]{64})");
  static const std::regex version(R"([^@:]+:\d+\.\d+\.\d+)");
  Findings findings;
  // What others depend on is fixed to the byte; on one's own machine a version will do.
  const bool is_local = Find(objects, "Namespace/gtm-local") != nullptr;
  for (const Json* workload : Workloads(objects)) {
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      const std::string image = TextAt(*container, "/image");
      if (!std::regex_match(image, digest) && !(is_local && std::regex_match(image, version))) {
        findings.push_back(fmt::format("{}: image {} must be named by digest{}",
                                       Where(*workload, *container), image,
                                       is_local ? " or version" : ""));
      }
    }
  }
  return findings;
}

Findings CheckSecrets(const Objects& objects) {
  static const std::regex url_password(R"(\w+://[^/\s:@]*:[^/\s@]+@)");
  static const std::regex secret_name("(PASSWORD|SECRET|TOKEN|PRIVATE|CREDENTIAL)");
  Findings findings;
  for (const Json& object : objects) {
    if (TextAt(object, "/kind") == "Secret") {
      findings.push_back(IdOf(object) + ": a Secret is made where it is known, not here");
    }
    if (std::regex_search(object.dump(), url_password)) {
      findings.push_back(IdOf(object) + ": holds a URL with a password");
    }
    if (object.dump().find("PRIVATE KEY-----") != std::string::npos) {
      findings.push_back(IdOf(object) + ": holds a private key");
    }
  }
  for (const Json* workload : Workloads(objects)) {
    for (const Json* container : ContainersOf(PodOf(*workload))) {
      for (const Json& from : At(*container, "/envFrom")) {
        if (from.contains("secretRef")) {
          findings.push_back(Where(*workload, *container) + ": secrets are files (secretRef)");
        }
      }
      for (const Json& entry : At(*container, "/env")) {
        const std::string name = entry.at("name");
        const bool is_path = TextAt(entry, "/value").starts_with("/");
        if (!At(entry, "/valueFrom/secretKeyRef").is_null() ||
            (std::regex_search(name, secret_name) && !is_path)) {
          findings.push_back(
              fmt::format("{}: secrets are files ({})", Where(*workload, *container), name));
        }
      }
    }
    for (const Json& volume : At(PodOf(*workload), "/spec/volumes")) {
      if (volume.contains("secret") && At(volume, "/secret/defaultMode") != 0440) {
        findings.push_back(fmt::format("{}: secret volume {} must have mode 0440", IdOf(*workload),
                                       TextAt(volume, "/name")));
      }
    }
  }
  return findings;
}

Findings CheckLabels(const Objects& objects) {
  constexpr std::string_view kPartOf = "/metadata/labels/app.kubernetes.io~1part-of";
  constexpr std::string_view kName = "/metadata/labels/app.kubernetes.io~1name";
  Findings findings;
  const auto need = [&](const Json& value, std::string_view pointer, const std::string& where) {
    if (TextAt(value, std::string(pointer)).empty()) {
      findings.push_back(fmt::format("{}: needs {}", where, pointer.substr(17)));
    }
  };
  for (const Json& object : objects) need(object, kPartOf, IdOf(object));
  for (const Json* workload : Workloads(objects)) {
    need(*workload, kName, IdOf(*workload));
    need(PodOf(*workload), kName, IdOf(*workload) + " pod");
    need(PodOf(*workload), kPartOf, IdOf(*workload) + " pod");
  }
  for (const Json* service : OfKind(objects, "Service")) need(*service, kName, IdOf(*service));
  return findings;
}

}  // namespace gtm::deploy
