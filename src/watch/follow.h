#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <string_view>

#include "base/error.h"
#include "protocol/sse.h"
#include "watch/terminal_view.h"

namespace tokamark::watch {

/// Reads the events of a watch server and shows them. No socket, no clock.
class Follower final : public protocol::EventSink {
 public:
  explicit Follower(TerminalView& view) : view_(view) {}

  /// Bytes of the event stream. A problem is kept and ends the reading.
  void feed(std::string_view bytes);
  /// A new connection begins.
  void restart();
  void on_event(std::string_view data) override;

  /// The study has ended, and everything of it was shown.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] const Snapshot& last() const { return last_; }
  /// Why the stream cannot be read; empty = it can.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  TerminalView& view_;
  protocol::SseParser parser_;
  Snapshot last_;
  bool ended_ = false;
  std::string problem_;
};

/// Bounds on waiting for a server.
struct FollowLimits {
  std::chrono::seconds connect{10};
  std::chrono::seconds silence{20};  ///< a server says something every five seconds
  std::chrono::seconds retry{60};    ///< after a lost connection
};

/// Follows the watch server at `url` until its study ends. The error's kind is the study's exit
/// code: none where all is valid, `measurement`, `engine`, `output`, `interrupted` as `tokamark
/// run` has them. Kind `network` when the server cannot be reached, at first or for `retry` after
/// it was lost, or is no watch server; `interrupted` on `stop`.
base::Result<void> follow(const std::string& url, TerminalView& view, const std::atomic<bool>& stop,
                          const FollowLimits& limits = {});

/// The end of a study as the result of following it.
base::Result<void> result_of(const Snapshot& snapshot);

}  // namespace tokamark::watch
