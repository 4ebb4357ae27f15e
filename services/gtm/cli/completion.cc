#include "services/gtm/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "common/record/kinds.h"

namespace gtm::cli {
namespace {

// A word that may follow, and what it means.
using Word = std::pair<std::string, std::string>;

// What may follow a flag.
struct Values {
  enum class Type { kNone, kWords, kFile, kFolder, kAny };
  Type type = Type::kNone;
  std::string words;  // separated by spaces
};

struct Flag {
  std::string name;       // "--output"
  std::string shorthand;  // "-o", or ""
  std::string meaning;
  Values values;
};

// One command with what may follow its name.
struct Node {
  std::string path;            // "record list", "" for the root
  std::vector<Word> commands;  // and words of positionals
  std::vector<Flag> flags;
  std::vector<Flag> inherited;  // of the commands above, but for the root
};

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\'' || c == ':' || c == '[' || c == ']' || c == '"' || c == '`') c = ' ';
  }
  return text;
}

// CLI11 writes the words that an option takes into its type: "TEXT:{table,json,csv}".
Values ValuesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  Values values;
  if (type == "KIND") {
    values.type = Values::Type::kWords;
    for (const record::KindInfo& kind : record::Kinds()) {
      values.words += (values.words.empty() ? "" : " ") + kind.name;
    }
    return values;
  }
  const size_t open = type.find('{');
  const size_t close = type.find('}');
  if (open != std::string::npos && close != std::string::npos) {
    values.type = Values::Type::kWords;
    values.words = type.substr(open + 1, close - open - 1);
    std::replace(values.words.begin(), values.words.end(), ',', ' ');
  } else if (type == "FILE") {
    values.type = Values::Type::kFile;
  } else if (type == "DIR") {
    values.type = Values::Type::kFolder;
  } else if (option.get_expected_min() > 0) {
    values.type = Values::Type::kAny;
  }
  return values;
}

void AddOption(const CLI::Option& option, Node* node) {
  const Values values = ValuesOf(option);
  if (option.get_positional()) {
    std::istringstream words(values.words);
    for (std::string word; words >> word;) {
      node->commands.emplace_back(word, OneLine(option.get_description()));
    }
    return;
  }
  const auto& shorts = option.get_snames();
  for (const std::string& name : option.get_lnames()) {
    node->flags.push_back({"--" + name, shorts.empty() ? "" : "-" + shorts.front(),
                           OneLine(option.get_description()), values});
  }
}

void Collect(const CLI::App& app, const std::string& path, const std::vector<Flag>& inherited,
             std::vector<Node>* nodes) {
  Node node;
  node.path = path;
  const auto everything = [](const CLI::App*) { return true; };
  for (const CLI::App* sub : app.get_subcommands(everything)) {
    node.commands.emplace_back(sub->get_name(), OneLine(sub->get_description()));
  }
  for (const CLI::Option* option : app.get_options()) {
    const bool repeated_help = !path.empty() && option->check_lname("help");
    if (!repeated_help) AddOption(*option, &node);
  }
  node.inherited = inherited;
  nodes->push_back(node);
  std::vector<Flag> below = inherited;
  if (!path.empty()) below.insert(below.end(), node.flags.begin(), node.flags.end());
  for (const CLI::App* sub : app.get_subcommands(everything)) {
    Collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), below, nodes);
  }
}

std::string WordsOf(const Node& node) {
  std::string text;
  for (const auto& [word, meaning] : node.commands) text += (text.empty() ? "" : " ") + word;
  for (const Flag& flag : node.flags) text += (text.empty() ? "" : " ") + flag.name;
  for (const Flag& flag : node.inherited) text += (text.empty() ? "" : " ") + flag.name;
  return text;
}

// The paths of all commands as patterns of a shell's case: " record"|" record list"|...
std::string PathPatterns(const std::vector<Node>& nodes) {
  std::string text;
  for (const Node& node : nodes) {
    if (!node.path.empty()) text += (text.empty() ? "" : "|") + ("\" " + node.path + "\"");
  }
  return text;
}

// What may follow a flag, as cases of a shell over "<path> <flag>". A flag that takes the same
// values everywhere is one case; one that does not has a case for each command.
struct ValueCase {
  std::string pattern;
  Values values;
};
std::vector<ValueCase> ValueCases(const std::vector<Node>& nodes) {
  struct Use {
    std::string path;
    const Flag* flag;
  };
  std::map<std::string, std::vector<Use>> uses;
  for (const Node& node : nodes) {
    const std::string path = node.path.empty() ? "" : " " + node.path;
    for (const auto* flags : {&node.flags, &node.inherited}) {
      for (const Flag& flag : *flags) uses[flag.name].push_back({path, &flag});
    }
  }
  std::vector<ValueCase> cases;
  const auto add = [&](const std::string& before, const Flag& flag) {
    if (flag.values.type == Values::Type::kNone) return;
    std::string pattern = before + "\" " + flag.name + '"';
    if (!flag.shorthand.empty()) pattern += '|' + before + "\" " + flag.shorthand + '"';
    cases.push_back({std::move(pattern), flag.values});
  };
  for (const auto& [name, all] : uses) {
    const Values& first = all.front().flag->values;
    const bool same = std::all_of(all.begin(), all.end(), [&](const Use& use) {
      return use.flag->values.type == first.type && use.flag->values.words == first.words;
    });
    if (same) {
      add("*", *all.front().flag);
      continue;
    }
    for (const Use& use : all) add('"' + use.path + '"', *use.flag);
  }
  return cases;
}

std::string Bash(const std::vector<Node>& nodes) {
  std::string text =
      "# bash completion of gtm; load it with: source <(gtm completion bash)\n"
      "_gtm() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" word words=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n      " +
      PathPatterns(nodes) +
      ") path=\"$path $word\" ;;\n    esac\n  done\n"
      "  case \"$path ${COMP_WORDS[COMP_CWORD-1]}\" in\n";
  for (const auto& [pattern, values] : ValueCases(nodes)) {
    const std::string how = values.type == Values::Type::kFile     ? "-f"
                            : values.type == Values::Type::kFolder ? "-d"
                                                                   : "-W \"" + values.words + "\"";
    text +=
        fmt::format("    {}) COMPREPLY=($(compgen {} -- \"$current\")); return ;;\n", pattern, how);
  }
  text += "  esac\n  case \"$path\" in\n";
  for (const Node& node : nodes) {
    text += fmt::format("    \"{}\") words=\"{}\" ;;\n", node.path.empty() ? "" : " " + node.path,
                        WordsOf(node));
  }
  Node root_flags;
  root_flags.flags = nodes.front().flags;
  text += fmt::format(
      "  esac\n"
      "  [ -n \"$path\" ] && words=\"$words {}\"\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
      "}}\n"
      "complete -F _gtm gtm\n",
      WordsOf(root_flags));
  return text;
}

std::string Zsh(const std::vector<Node>& nodes) {
  std::string text =
      "#compdef gtm\n"
      "# zsh completion of gtm; load it with: source <(gtm completion zsh)\n"
      "_gtm() {\n"
      "  local gtm_path=\"\" gtm_word\n"
      "  local -a gtm_commands gtm_flags\n"
      "  for gtm_word in ${words[2,CURRENT-1]}; do\n"
      "    case \"$gtm_path $gtm_word\" in\n      " +
      PathPatterns(nodes) +
      ") gtm_path=\"$gtm_path $gtm_word\" ;;\n    esac\n  done\n"
      "  case \"$gtm_path ${words[CURRENT-1]}\" in\n";
  for (const auto& [pattern, values] : ValueCases(nodes)) {
    const std::string how = values.type == Values::Type::kFile     ? "_files"
                            : values.type == Values::Type::kFolder ? "_files -/"
                                                                   : "compadd -- " + values.words;
    text += fmt::format("    {}) {}; return ;;\n", pattern, how);
  }
  text += "  esac\n  case \"$gtm_path\" in\n";
  for (const Node& node : nodes) {
    text +=
        fmt::format("    \"{}\")\n      gtm_commands=(", node.path.empty() ? "" : " " + node.path);
    for (const auto& [word, meaning] : node.commands)
      text += fmt::format(" '{}:{}'", word, meaning);
    text += " )\n      gtm_flags=(";
    for (const auto* flags : {&node.flags, &node.inherited}) {
      for (const Flag& flag : *flags) text += fmt::format(" '{}:{}'", flag.name, flag.meaning);
    }
    text += " ) ;;\n";
  }
  text +=
      "  esac\n"
      "  _describe command gtm_commands\n"
      "  _describe flag gtm_flags\n"
      "}\n"
      "compdef _gtm gtm\n";
  return text;
}

std::string Fish(const std::vector<Node>& nodes) {
  std::string text =
      "# fish completion of gtm; load it with: gtm completion fish | source\n"
      "function __gtm_path\n"
      "  set -l words (commandline -opc)\n"
      "  set -e words[1]\n"
      "  set -l path\n"
      "  for word in $words\n"
      "    string match -q -- '-*' $word; or set path $path $word\n"
      "  end\n"
      "  echo \"$path\"\n"
      "end\n"
      "complete -c gtm -f\n";
  for (const Node& node : nodes) {
    const std::string below =
        node.path.empty()
            ? "complete -c gtm"
            : fmt::format("complete -c gtm -n 'string match -qr -- \"^{}( |$)\" (__gtm_path)'",
                          node.path);
    for (const auto& [word, meaning] : node.commands) {
      text += fmt::format("complete -c gtm -n 'test (__gtm_path) = \"{}\"' -a {} -d '{}'\n",
                          node.path, word, meaning);
    }
    for (const Flag& flag : node.flags) {
      const std::string shorthand = flag.shorthand.empty() ? "" : " -s " + flag.shorthand.substr(1);
      const std::string values = flag.values.type == Values::Type::kNone ? ""
                                 : flag.values.type == Values::Type::kWords
                                     ? " -xa '" + flag.values.words + "'"
                                 : flag.values.type == Values::Type::kAny ? " -x"
                                                                          : " -rF";
      text += fmt::format("{} -l {}{}{} -d '{}'\n", below, flag.name.substr(2), shorthand, values,
                          flag.meaning);
    }
  }
  return text;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  std::vector<Node> nodes;
  Collect(app, "", {}, &nodes);
  if (shell == "bash") return Bash(nodes);
  if (shell == "zsh") return Zsh(nodes);
  if (shell == "fish") return Fish(nodes);
  return "";
}

}  // namespace gtm::cli
