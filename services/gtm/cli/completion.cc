#include "services/gtm/cli/completion.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <vector>

namespace gtm::cli {
namespace {

// One command with what may follow its name.
struct Node {
  std::string path;                                           // "record list", "" for the root
  std::string meaning;                                        // of the last word
  std::vector<std::pair<std::string, std::string>> commands;  // name, meaning
  std::vector<std::pair<std::string, std::string>> flags;     // "--as-of", meaning
};

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\'' || c == ':' || c == '[' || c == ']' || c == '"' || c == '`') c = ' ';
  }
  return text;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<Node>* nodes) {
  Node node;
  node.path = path;
  node.meaning = OneLine(app.get_description());
  const auto everything = [](const CLI::App*) { return true; };
  for (const CLI::App* sub : app.get_subcommands(everything)) {
    node.commands.emplace_back(sub->get_name(), OneLine(sub->get_description()));
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      node.flags.emplace_back("--" + name, OneLine(option->get_description()));
    }
  }
  nodes->push_back(node);
  for (const CLI::App* sub : app.get_subcommands(everything)) {
    Collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), nodes);
  }
}

std::string Words(const std::vector<std::pair<std::string, std::string>>& words) {
  std::string text;
  for (const auto& [word, meaning] : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string Bash(const std::vector<Node>& nodes) {
  const std::string root_flags = Words(nodes.front().flags);
  std::string text =
      "# bash completion of gtm; load it with: source <(gtm completion bash)\n"
      "_gtm() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" word words=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  std::string known;
  for (const Node& node : nodes) {
    if (!node.path.empty()) known += (known.empty() ? "" : "|") + ("\" " + node.path + "\"");
  }
  text += "      " + known + ") path=\"$path $word\" ;;\n    esac\n  done\n  case \"$path\" in\n";
  for (const Node& node : nodes) {
    text +=
        fmt::format("    \"{}\") words=\"{} {}\" ;;\n", node.path.empty() ? "" : " " + node.path,
                    Words(node.commands), Words(node.flags));
  }
  text += fmt::format(
      "  esac\n"
      "  case \"${{COMP_WORDS[COMP_CWORD-1]}}\" in\n"
      "    --data|-d) COMPREPLY=($(compgen -d -- \"$current\")); return ;;\n"
      "    --mapping|-m|--rejects|--file) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
      "    --output|-o) COMPREPLY=($(compgen -W \"table json csv\" -- \"$current\")); return ;;\n"
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words {}\" -- \"$current\"))\n"
      "}}\n"
      "complete -F _gtm gtm\n",
      root_flags);
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
      "    case \"$gtm_path $gtm_word\" in\n";
  std::string known;
  for (const Node& node : nodes) {
    if (!node.path.empty()) known += (known.empty() ? "" : "|") + ("' " + node.path + "'");
  }
  text += "      " + known + ") gtm_path=\"$gtm_path $gtm_word\" ;;\n    esac\n  done\n";
  text += "  case \"$gtm_path\" in\n";
  for (const Node& node : nodes) {
    text += fmt::format("    '{}')\n", node.path.empty() ? "" : " " + node.path);
    text += "      gtm_commands=(";
    for (const auto& [word, meaning] : node.commands)
      text += fmt::format(" '{}:{}'", word, meaning);
    text += " )\n      gtm_flags=(";
    for (const auto& [word, meaning] : node.flags) text += fmt::format(" '{}:{}'", word, meaning);
    text += " ) ;;\n";
  }
  text +=
      "  esac\n"
      "  case \"${words[CURRENT-1]}\" in\n"
      "    --data|-d) _files -/; return ;;\n"
      "    --mapping|-m|--rejects|--file) _files; return ;;\n"
      "    --output|-o) compadd table json csv; return ;;\n"
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
    const std::string here = fmt::format(
        "complete -c gtm -n 'string match -qr -- \"^{}( |$)\" (__gtm_path)'", node.path);
    const std::string at =
        fmt::format("complete -c gtm -n 'test (__gtm_path) = \"{}\"'", node.path);
    for (const auto& [word, meaning] : node.commands) {
      text += fmt::format("{} -a {} -d '{}'\n", at, word, meaning);
    }
    for (const auto& [word, meaning] : node.flags) {
      const bool file =
          word == "--mapping" || word == "--rejects" || word == "--file" || word == "--data";
      text += fmt::format("{} -l {} {}-d '{}'\n", node.path.empty() ? "complete -c gtm" : here,
                          word.substr(2), file ? "-rF " : "", meaning);
    }
  }
  return text;
}

}  // namespace

std::string CompletionScript(const CLI::App& app, std::string_view shell) {
  std::vector<Node> nodes;
  Collect(app, "", &nodes);
  if (shell == "bash") return Bash(nodes);
  if (shell == "zsh") return Zsh(nodes);
  if (shell == "fish") return Fish(nodes);
  return "";
}

}  // namespace gtm::cli
