#include <fmt/core.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "cli/commands.h"
#include "cli/screen.h"
#include "run/stop.h"
#include "watch/follow.h"
#include "watch/serve.h"

namespace tokamark::cli {

namespace {

struct WatchFlags {
  std::string what;
  watch::ServeOptions serve;
};

bool is_url(const std::string& text) { return text.find("://") != std::string::npos; }

watch::TerminalView::Form form_of(std::FILE* out) {
  watch::TerminalView::Form form;
  form.redraw = redraws(out) ? watch::Redraw::on : watch::Redraw::off;
  form.columns = static_cast<std::size_t>(columns(out));
  return form;
}

base::Result<void> run_watch(const WatchFlags& flags, const CLI::App& command) {
  const std::atomic<bool>& stop = run::install_stop_handlers("");
  watch::TerminalView view(stdout, form_of(stdout));
  if (is_url(flags.what)) {
    if (command.count("--port") + command.count("--host") > 0) {
      return base::Error{base::ErrorKind::usage,
                         "--port and --host are for serving a DIR; the URL already says where "
                         "the server is"};
    }
    return watch::follow(flags.what, view, stop);
  }
  watch::ServeOptions options = flags.serve;
  options.folder = flags.what;
  return watch::serve(options, view, stop, [&options](const std::string& url) {
    fmt::print("Watching {} at {}\nCtrl-C ends this page, not the study.\n",
               options.folder.string(), url);
    std::fflush(stdout);
  });
}

}  // namespace

void add_watch(CLI::App& program, Action& action) {
  auto flags = std::make_shared<WatchFlags>();
  CLI::App* command = program.add_subcommand(
      "watch", "Show a study while it runs: its report as a live page, events and metrics");
  command
      ->add_option("WHAT", flags->what,
                   "Results folder to serve, or URL of another `tokamark watch` to follow here")
      ->type_name("DIR|URL")
      ->required();
  command->add_option("--port", flags->serve.port, "Port to listen on; 0 takes a free one")
      ->check(CLI::Range(0, 65535))
      ->capture_default_str();
  command->add_option("--host", flags->serve.host, "Loopback address to listen on")
      ->capture_default_str();
  command->callback([flags, command, &action] {
    action = [flags, command] { return run_watch(*flags, *command); };
  });
}

}  // namespace tokamark::cli
