#pragma once
// Scripts that complete commands and flags in a shell, made from the commands themselves.

#include <string>
#include <string_view>

namespace CLI {
class App;
}

namespace gtm::cli {

// "" for a shell that is not bash, zsh or fish.
std::string CompletionScript(const CLI::App& app, std::string_view shell);

}  // namespace gtm::cli
