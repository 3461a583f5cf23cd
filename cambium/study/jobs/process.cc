#include "cambium/study/jobs/process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

#include "cambium/base/error.h"

namespace cambium::study {
namespace {

cpu_set_t cores_of(const cpu_set_t& allowed, Process::Cores share) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  int place = 0;
  for (size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &allowed)) {
      if (place >= share.first && place < share.first + share.count) {
        CPU_SET(core, &chosen);
      }
      ++place;
    }
  }
  return chosen;
}

}  // namespace

Process::Process(const std::filesystem::path& program, const std::vector<std::string>& arguments,
                 const std::filesystem::path& log, Cores cores) {
  // All that allocates comes before the fork.
  std::vector<char*> words;
  std::string name = "cambium";
  words.push_back(name.data());
  std::vector<std::string> copies = arguments;
  for (std::string& argument : copies) {
    words.push_back(argument.data());
  }
  words.push_back(nullptr);
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (out < 0) {
    fail("{}: {}", log.string(), std::strerror(errno));
  }
  cpu_set_t allowed{};
  const bool share = cores.count > 0 && sched_getaffinity(0, sizeof allowed, &allowed) == 0;
  const cpu_set_t chosen = share ? cores_of(allowed, cores) : cpu_set_t{};
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) {
    const int reason = errno;
    close(out);
    fail("a process could not be started: {}", std::strerror(reason));
  }
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {  // it was killed in between
      _exit(127);
    }
    setpgid(0, 0);
    if (share && CPU_COUNT(&chosen) > 0) {
      sched_setaffinity(0, sizeof chosen, &chosen);
    }
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    execv(program.c_str(), words.data());
    _exit(127);
  }
  close(out);
}

Process::~Process() {
  if (!poll()) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
}

std::optional<int> Process::poll() {
  int status = 0;
  if (!code_ && waitpid(pid_, &status, WNOHANG) == pid_) {
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return code_;
}

void Process::terminate() {
  if (!code_) {
    kill(pid_, SIGTERM);
  }
}

}  // namespace cambium::study
