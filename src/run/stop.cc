#include "run/stop.h"

#include <unistd.h>
#include <csignal>
#include <cstring>

#include "base/error.h"

namespace tokamark::run {

namespace {

std::atomic<bool> stop_asked{false};
const char* stop_text = "";
static_assert(std::atomic<bool>::is_always_lock_free);

extern "C" void on_signal(int) {
  if (stop_asked.exchange(true)) ::_exit(base::exit_code(base::ErrorKind::interrupted));
  (void)!::write(STDERR_FILENO, stop_text, std::strlen(stop_text));
}

}  // namespace

const std::atomic<bool>& install_stop_handlers(const char* text) {
  stop_text = text;
  struct sigaction action {};
  action.sa_handler = on_signal;
  ::sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return stop_asked;
}

}  // namespace tokamark::run
