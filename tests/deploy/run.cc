#include "tests/deploy/run.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace gtm::deploy {
namespace {

std::string ReadAll(FILE* file) {
  std::string text;
  rewind(file);
  char buffer[65536];
  for (size_t count; (count = fread(buffer, 1, sizeof(buffer), file)) > 0;) {
    text.append(buffer, count);
  }
  fclose(file);
  return text;
}

}  // namespace

Output Run(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  FILE* out = tmpfile();
  FILE* error = tmpfile();
  if (out == nullptr || error == nullptr) abort();
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    dup2(fileno(out), STDOUT_FILENO);
    dup2(fileno(error), STDERR_FILENO);
    execvp(argv[0], argv.data());
    perror(argv[0]);
    _exit(127);
  }
  int status = 0;
  waitpid(child, &status, 0);
  Output output;
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  output.text = ReadAll(out);
  output.error = ReadAll(error);
  return output;
}

}  // namespace gtm::deploy
