#include "watch/serve.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <memory>

#include "run/manifest.h"
#include "watch/event_log.h"
#include "watch/folder_watch.h"
#include "watch/live_page.h"
#include "watch/loopback.h"
#include "watch/metrics.h"
#include "watch/report_page.h"
#include "watch/server.h"

namespace tokamark::watch {

namespace {

constexpr int kLeastImportant = 19;
constexpr const char* kHtml = "text/html; charset=utf-8";

std::int64_t wall_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

/// A folder, its events, and the answers made of both.
class Site {
 public:
  Site(FolderWatch watch, TerminalView& view)
      : watch_(std::move(watch)), view_(view), log_(fmt::format("{:x}", wall_ns())) {
    look();
  }

  [[nodiscard]] const EventLog& log() const { return log_; }

  void look() {
    watch_.poll(wall_ns());
    for (; told_ < watch_.finished().size(); ++told_) {
      log_.add(watch_.finished()[told_]);
      view_.on_trial(watch_.finished()[told_]);
    }
    log_.set_state(watch_.snapshot());
    view_.on_state(watch_.snapshot());
  }

  Answer answer(std::string_view target) {
    if (target == "/") return {200, kHtml, live_policy(), shared(live_page())};
    if (target == "/report") return report();
    if (target == "/metrics") {
      return {200,
              kOpenMetricsType,
              {},
              shared(openmetrics(watch_.snapshot(), watch_.latest(), run::version()))};
    }
    return {404,
            "text/plain; charset=utf-8",
            {},
            shared("Here are /, /report, /events and /metrics.\n")};
  }

 private:
  /// Made when it is asked for and the folder has other trials than the last time.
  Answer report() {
    const State state = watch_.snapshot().state;
    if (!report_ || report_trials_ != told_ || report_state_ != state) {
      auto page = report_page(watch_.folder(), state == State::running ? ReportSource::summaries
                                                                       : ReportSource::records);
      if (!page.has_value()) {
        // Most likely a trial that is being replaced right now.
        const std::string why = "There is no report yet: " + page.error().message;
        return {503, kHtml, {}, shared(message_page(why))};
      }
      report_ = shared(std::move(page.value()));
      report_trials_ = told_;
      report_state_ = state;
    }
    return {200, kHtml, kReportPolicy, report_};
  }

  FolderWatch watch_;
  TerminalView& view_;
  EventLog log_;
  std::size_t told_ = 0;
  std::shared_ptr<const std::string> report_;
  std::size_t report_trials_ = 0;
  State report_state_ = State::running;
};

}  // namespace

base::Result<void> serve(const ServeOptions& options, TerminalView& view,
                         const std::atomic<bool>& stop,
                         const std::function<void(const std::string& url)>& on_ready) {
  TOKAMARK_TRY(const std::string address, loopback_address(options.host));
  TOKAMARK_TRY(FolderWatch watch, FolderWatch::open(options.folder));
  (void)::setpriority(PRIO_PROCESS, 0, kLeastImportant);
  std::unique_ptr<Site> site;
  Content content;
  content.answer = [&site](std::string_view target) { return site->answer(target); };
  content.tick = [&site] { site->look(); };
  // The log is the site's, which shows its first look only when the port is there.
  TOKAMARK_TRY(const auto server, Server::listen({address, options.port}, std::move(content)));
  const bool v6 = address.find(':') != std::string::npos;
  on_ready(fmt::format("http://{}:{}/", v6 ? "[" + address + "]" : address, server->port()));
  site = std::make_unique<Site>(std::move(watch), view);
  server->run(stop, site->log());
  return base::ok();
}

}  // namespace tokamark::watch
