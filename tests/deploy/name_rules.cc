// What one object says of another: Services and pods, names, certificates.

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "tests/deploy/policy.h"

namespace gtm::deploy {
namespace {

const Json& LabelsOf(const Json& pod) { return At(pod, "/metadata/labels"); }

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
           {"GTM_TLS_CERT_FILE", "GTM_TLS_KEY_FILE", "GTM_TLS_CLIENT_CA_FILE",
            "GTM_IDENTITIES_FILE", "GTM_JWKS_FILE", "GTM_JWT_ISSUER", "GTM_JWT_AUDIENCE"}) {
        need(!environment[key].empty(), fmt::format("needs {}", key));
      }
      need(environment["GTM_RECORDS_ADDRESS"].empty() || !environment["GTM_TLS_CA_FILE"].empty(),
           "needs GTM_TLS_CA_FILE to verify the record store");
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
