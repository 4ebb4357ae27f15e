#include "common/identity/identities.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <vector>

#include "common/identity/jwt.h"
#include "common/rpc/authenticator.h"

namespace gtm::identity {
namespace {

bool IsUri(std::string_view name) { return name.find("://") != name.npos; }

std::string Canonical(std::string name) {
  if (IsUri(name)) return name;
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

// Reads one [[identity]]; notes what is wrong with it.
class Reader {
 public:
  Reader(const toml::table& table, std::vector<FieldViolation>* violations)
      : table_(table), violations_(violations) {}

  std::pair<std::string, Identity> Read() {
    CheckKeys();
    Identity identity;
    const std::string san = Canonical(Text("san"));
    if (san.empty() || san.find('*') != san.npos) {
      Mistake("san: give one URI or DNS name of the certificate, without wildcards");
    }
    identity.service = Text("service");
    identity.tenant = TenantId(Text("tenant"));
    ReadRoles(&identity);
    if (!identity.service.empty()) {
      CheckService(&identity);
    } else if (!IsValidId(identity.tenant.value())) {
      Mistake("tenant: give the id of the tenant, or `service` for one of our services");
    }
    return {san, identity};
  }

 private:
  void Mistake(std::string description) {
    violations_->push_back(
        {fmt::format("line {}", table_.source().begin.line), std::move(description)});
  }

  void CheckKeys() {
    for (const auto& [key, value] : table_) {
      if (key == "san" || key == "tenant" || key == "roles" || key == "service") continue;
      Mistake(
          fmt::format("unknown key \"{}\"; san, tenant, roles and service are known", key.str()));
    }
  }

  std::string Text(std::string_view key) {
    const toml::node* node = table_.get(key);
    if (node == nullptr) return "";
    if (const auto text = node->value_exact<std::string>()) return *text;
    Mistake(fmt::format("{}: must be text in quotes", key));
    return "";
  }

  void ReadRoles(Identity* identity) {
    const toml::node* node = table_.get("roles");
    if (node == nullptr) return;
    const toml::array* roles = node->as_array();
    if (roles == nullptr) return Mistake("roles: must be a list such as [\"reader\"]");
    for (const toml::node& item : *roles) {
      const auto role = RoleOf(item.value_exact<std::string>().value_or(""));
      if (!role.has_value()) {
        return Mistake("roles: the roles are reader, writer, approver and admin");
      }
      identity->roles |= 1u << static_cast<int>(*role);
    }
  }

  void CheckService(Identity* identity) {
    if (!rpc::IsService(identity->service)) {
      Mistake("service: the services are targeting, sponsorship, forecasting and growth");
    }
    if (!identity->tenant.empty() || identity->roles != 0) {
      Mistake("a service has no tenant and no roles of its own; leave them out");
    }
    identity->roles =
        1u << static_cast<int>(rpc::Role::kReader) | 1u << static_cast<int>(rpc::Role::kWriter);
  }

  const toml::table& table_;
  std::vector<FieldViolation>* violations_;
};

}  // namespace

Result<Identities> ParseIdentities(std::string_view text) {
  toml::table file;
  try {
    file = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return InvalidField(fmt::format("line {}", error.source().begin.line),
                        std::string(error.description()));
  }
  std::vector<FieldViolation> violations;
  Identities identities;
  for (const auto& [key, value] : file) {
    if (key == "identity") continue;
    violations.push_back({std::string(key.str()), "unknown; give [[identity]] tables only"});
  }
  const toml::array* tables = file.get_as<toml::array>("identity");
  if (tables == nullptr || tables->empty()) {
    violations.push_back({"identity", "no [[identity]] table; give one for each caller"});
    return InvalidFields(std::move(violations));
  }
  for (const toml::node& node : *tables) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      violations.push_back({"identity", "must be [[identity]] tables"});
      continue;
    }
    auto [san, identity] = Reader(*table, &violations).Read();
    if (!identities.emplace(san, std::move(identity)).second) {
      violations.push_back({fmt::format("line {}", table->source().begin.line),
                            fmt::format("san \"{}\" is there twice", san)});
    }
  }
  if (!violations.empty()) return InvalidFields(std::move(violations));
  return identities;
}

const std::pair<const std::string, Identity>* FindIdentity(const Identities& identities,
                                                           const std::vector<std::string>& names) {
  const std::pair<const std::string, Identity>* found = nullptr;
  for (const std::string& name : names) {
    const auto it = identities.find(Canonical(name));
    if (it == identities.end()) continue;
    if (found != nullptr && found != &*it) return nullptr;
    found = &*it;
  }
  return found;
}

}  // namespace gtm::identity
