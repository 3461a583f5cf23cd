#include "cambium/base/signals.h"

#include <array>
#include <atomic>
#include <csignal>

#include "cambium/base/error.h"

namespace cambium {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM};
// Handlers can only reach what is static; lock-free atomics are safe inside them.
std::atomic<int> stop_signal{0};
std::array<struct sigaction, kSignals.size()> previous_actions;

void on_signal(int signal) {
  if (signal == SIGINT && stop_signal.load() == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
  stop_signal.store(signal);
}

}  // namespace

StopRequest::StopRequest() {
  stop_signal.store(0);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &action, &previous_actions[i]);
  }
}

StopRequest::~StopRequest() {
  for (size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], &previous_actions[i], nullptr);
  }
}

int StopRequest::signal() { return stop_signal.load(); }

void StopRequest::throw_if_asked(const char* message) {
  if (signal() != 0) {
    throw Stopped(message);
  }
}

}  // namespace cambium
