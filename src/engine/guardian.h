#pragma once

namespace tokamark::engine {

/// First argument of a guardian process.
inline constexpr const char* kGuardianArgument = "--tokamark-guardian";
/// Its descriptors: commands from tokamark, and news to it.
inline constexpr int kGuardianControlFd = 3;
inline constexpr int kGuardianNewsFd = 4;

/// Commands on the control pipe. Its end of file means that tokamark has died.
inline constexpr char kGuardianTerminate = 'T';  ///< SIGTERM, wait, SIGKILL
inline constexpr char kGuardianKill = 'K';       ///< SIGKILL at once

/// News lines: "P pid" started, "E errno" not started, "X status" the engine's first process ended
/// with this wait status, "K" SIGKILL was needed, "G" no process of the engine is left.
inline constexpr char kNewsStarted = 'P';
inline constexpr char kNewsNotStarted = 'E';
inline constexpr char kNewsExited = 'X';
inline constexpr char kNewsKilled = 'K';
inline constexpr char kNewsGone = 'G';

/// Whether this process was started to be a guardian; `main` asks before anything else and then
/// returns `guardian_main`.
bool is_guardian(int argc, char** argv);

/// The guardian: a small process between tokamark and one engine, so that no engine outlives a
/// tokamark that was killed with SIGKILL. It is the subreaper of everything the engine starts,
/// however deep and in whatever session; when tokamark dies, when the engine's first process ends,
/// or when it is told to, it ends all of them and then itself.
/// Then it runs the engine's cleanup, which removes what is not its child, as a container of a
/// daemon. Arguments: kGuardianArgument, stop timeout in milliseconds, number of the cleanup's
/// words, those words, the engine's argv.
int guardian_main(int argc, char** argv);

}  // namespace tokamark::engine
