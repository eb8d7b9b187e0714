#pragma once

#include <cstdio>
#include <map>
#include <string>

#include "watch/snapshot.h"

namespace tokamark::watch {

/// A line for a log: what a trial came to.
std::string trial_text(const FinishedTrial& trial);
/// Where the study stands, in one line, and the live numbers of its trial in another; the second is
/// empty without a trial under load. `since_s` is the time since the snapshot came.
std::string state_text(const Snapshot& snapshot, double since_s);
std::string live_text(const Snapshot& snapshot);

/// Whether the last two lines may be redrawn in place.
enum class Redraw { off, on };

/// Follows a study in the terminal: one line for each trial that ends and each step; on a terminal
/// two lines below them are redrawn in place, in a log a line every ten seconds. No byte of a
/// server's text can steer the terminal.
class TerminalView {
 public:
  struct Form {
    Redraw redraw = Redraw::off;
    std::size_t columns = 160;
  };
  /// `out` must outlive it.
  TerminalView(std::FILE* out, Form form) : out_(out), form_(form) {}
  ~TerminalView() { clear(); }
  TerminalView(const TerminalView&) = delete;
  TerminalView& operator=(const TerminalView&) = delete;

  void on_trial(const FinishedTrial& trial);
  void on_state(const Snapshot& snapshot);
  void on_message(const std::string& text);

 private:
  void line(const std::string& text);
  void draw(const std::string& first, const std::string& second);
  void clear();
  void say_step(const Snapshot& snapshot);

  std::FILE* out_;
  Form form_;
  bool headed_ = false, drawn_ = false;
  std::string step_;                           ///< said last
  std::string newest_message_;                 ///< of the study, said last
  double said_s_ = 0.0;                        ///< the study's time at the last line of a log
  std::map<std::string, std::string> trials_;  ///< what was said of each
};

}  // namespace tokamark::watch
