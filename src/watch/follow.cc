#include "watch/follow.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "engine/http.h"

namespace tokamark::watch {

namespace {

using base::Error;
using base::ErrorKind;

constexpr auto kFirstPause = std::chrono::seconds(1);
constexpr auto kLongestPause = std::chrono::seconds(10);
constexpr auto kSteady = std::chrono::seconds(5);
constexpr auto kNap = std::chrono::milliseconds(100);

struct EasyFree {
  void operator()(void* handle) const { curl_easy_cleanup(handle); }
};
using Easy = std::unique_ptr<void, EasyFree>;

/// One connection's transfer, as libcurl's callbacks see it.
struct Transfer {
  Follower* follower;
  const std::atomic<bool>* stop;
  CURL* easy;
  bool began = false;  ///< an event stream, not an error page
};

bool is_event_stream(CURL* easy) {
  long status = 0;
  const char* type = nullptr;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
  return status == 200 && type != nullptr &&
         std::string_view(type).substr(0, 17) == "text/event-stream";
}

/// Taking fewer bytes than came ends the transfer.
std::size_t on_data(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!transfer.began && !is_event_stream(transfer.easy)) return 0;
  transfer.began = true;
  transfer.follower->feed({data, size * count});
  const bool done = transfer.follower->ended() || !transfer.follower->problem().empty();
  return done ? 0 : size * count;
}

int on_progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<Transfer*>(user)->stop ? 1 : 0;
}

/// How one connection ended.
struct Ending {
  bool began = false;
  long status = 0;
  std::string why;
};

class Connection {
 public:
  Connection(const engine::Url& url, const FollowLimits& limits)
      : easy_(curl_easy_init()), events_(url.text() + "/events") {
    if (!easy_) return;
    CURL* easy = easy_.get();
    curl_easy_setopt(easy, CURLOPT_URL, events_.c_str());
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "tokamark watch");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, static_cast<long>(limits.connect.count()));
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, static_cast<long>(limits.silence.count()));
    // Proxies from the environment must not catch requests to this machine.
    if (engine::is_loopback(url.host)) curl_easy_setopt(easy, CURLOPT_PROXY, "");
  }

  Ending run(Follower& follower, const std::atomic<bool>& stop) {
    if (!easy_) return {false, 0, "libcurl gave no handle"};
    CURL* easy = easy_.get();
    Transfer transfer{&follower, &stop, easy};
    char detail[CURL_ERROR_SIZE] = "";
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &on_data);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, &on_progress);
    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &transfer);
    const CURLcode code = curl_easy_perform(easy);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, nullptr);
    Ending ending{transfer.began, 0, detail[0] != '\0' ? detail : curl_easy_strerror(code)};
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &ending.status);
    if (code == CURLE_OK) ending.why = "the server closed the connection";
    return ending;
  }

 private:
  Easy easy_;
  std::string events_;
};

Error no_watch_server(const std::string& url, const Ending& ending) {
  if (ending.status != 0) {
    return {ErrorKind::network,
            fmt::format("{} is no tokamark watch server (HTTP {} from /events); give the URL that "
                        "`tokamark watch DIR` printed",
                        url, ending.status)};
  }
  return {ErrorKind::network,
          fmt::format("{}: {}; is `tokamark watch DIR` running there, and the tunnel open?", url,
                      base::one_line(ending.why))};
}

/// Waits unless the user stops it.
void pause(std::chrono::seconds length, const std::atomic<bool>& stop) {
  const base::TimePoint until = base::now() + length;
  while (!stop && base::now() < until) std::this_thread::sleep_for(kNap);
}

ErrorKind kind_of(int exit_code) {
  for (const ErrorKind kind : {ErrorKind::usage, ErrorKind::study, ErrorKind::engine,
                               ErrorKind::measurement, ErrorKind::output, ErrorKind::interrupted}) {
    if (base::exit_code(kind) == exit_code) return kind;
  }
  return ErrorKind::internal;
}

}  // namespace

void Follower::feed(std::string_view bytes) {
  parser_.feed(bytes, *this);
  if (parser_.broken()) problem_ = "an event is longer than 16 MiB";
}

void Follower::restart() { parser_.reset(); }

void Follower::on_event(std::string_view data) {
  if (ended_ || !problem_.empty()) return;
  if (base::json_depth(data) > base::kMaxJsonDepth) {
    problem_ = "an event is nested too deep";
    return;
  }
  const auto json = nlohmann::json::parse(data, nullptr, false);
  // A trial has an id, a state has none.
  if (json.is_object() && json.contains("id")) {
    const auto trial = finished_trial_from_json(json);
    if (!trial.has_value()) return void(problem_ = trial.error().message);
    view_.on_trial(trial.value());
    return;
  }
  auto snapshot = snapshot_from_json(json);
  if (!snapshot.has_value()) return void(problem_ = snapshot.error().message);
  last_ = std::move(snapshot.value());
  view_.on_state(last_);
  ended_ = last_.exit_code.has_value();
}

base::Result<void> result_of(const Snapshot& snapshot) {
  const int code = snapshot.exit_code.value_or(base::exit_code(ErrorKind::interrupted));
  if (code == 0) return base::ok();
  std::string why = base::one_line(snapshot.message);
  if (why.empty()) why = fmt::format("the study ended with exit code {}", code);
  return Error{kind_of(code), std::move(why)};
}

base::Result<void> follow(const std::string& text, TerminalView& view,
                          const std::atomic<bool>& stop, const FollowLimits& limits) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (initialised != CURLE_OK) return Error{ErrorKind::internal, "libcurl did not initialise"};
  TOKAMARK_TRY(const engine::Url url, engine::parse_url(text));
  Follower follower(view);
  bool met = false;
  base::TimePoint lost{};
  std::chrono::seconds wait = kFirstPause;
  for (;;) {
    follower.restart();
    const base::TimePoint begun = base::now();
    const Ending ending = Connection(url, limits).run(follower, stop);
    if (follower.ended()) return result_of(follower.last());
    if (stop) return Error{ErrorKind::interrupted, "stopped following; the study goes on"};
    if (!follower.problem().empty()) {
      return Error{ErrorKind::network, url.text() + ": " + base::one_line(follower.problem())};
    }
    if (!met && !ending.began) return no_watch_server(url.text(), ending);
    const base::TimePoint now = base::now();
    // A server that ends each connection at once does not count as found again.
    if (ending.began && (!met || now - begun >= kSteady)) {
      met = true;
      lost = now;
      wait = kFirstPause;
      view.on_message(fmt::format("connection lost ({}); trying again for {} s", ending.why,
                                  limits.retry.count()));
    }
    if (now - lost >= limits.retry) return no_watch_server(url.text(), ending);
    pause(wait, stop);
    wait = std::min(2 * wait, kLongestPause);
  }
}

}  // namespace tokamark::watch
