#pragma once

#include <boost/outcome/basic_result.hpp>
#include <boost/outcome/policy/terminate.hpp>
#include <boost/outcome/success_failure.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace tokamark::base {

/// What went wrong, as far as a caller must branch on it. `exit_code` maps each kind to the
/// process exit code that docs/CLI.md documents.
enum class ErrorKind {
  internal,     ///< a defect of tokamark itself
  usage,        ///< bad command line
  study,        ///< bad study file, prompts file or other input of the user
  engine,       ///< an engine could not be found, started, reached or kept alive
  measurement,  ///< the run finished, and at least one trial is invalid or incomplete
  output,       ///< results cannot be written (disk full, read-only, no permission)
  network,      ///< a connection failed; the caller decides what that means
  timeout,      ///< a stated bound on a wait was reached
  interrupted,  ///< the user asked to stop
};

/// An error for people and programs: `kind` to branch on, `message` as one line that names the
/// thing and the fix. Context is put in front with `with_context`.
struct [[nodiscard]] Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  /// Puts "context: " in front of the message.
  Error with_context(std::string_view context) && {
    return Error{kind, std::string(context) + ": " + std::move(message)};
  }
};

/// A value of type `T`, or an `Error`. Reading the wrong side terminates the process.
template <typename T>
using Result = boost::outcome_v2::basic_result<T, Error, boost::outcome_v2::policy::terminate>;

/// The successful `Result<void>`.
inline auto ok() { return boost::outcome_v2::success(); }

/// The documented process exit code of an error kind (docs/CLI.md, "Exit codes").
int exit_code(ErrorKind kind);

}  // namespace tokamark::base

#define TOKAMARK_JOIN_(a, b) a##b
#define TOKAMARK_JOIN(a, b) TOKAMARK_JOIN_(a, b)
#define TOKAMARK_TRY_(result, declaration, expression)              \
  auto result = (expression);                                       \
  if (!result.has_value()) return std::move(result).assume_error(); \
  declaration = std::move(result).assume_value()

/// `TOKAMARK_TRY(auto x, expression)`: unwraps a Result or returns its error from the function.
/// `TOKAMARK_TRY_VOID(expression)` does the same for `Result<void>`. Boost.Outcome's own macro
/// changed its meaning between 1.74 and 1.76, so it is not used.
#define TOKAMARK_TRY(declaration, expression) \
  TOKAMARK_TRY_(TOKAMARK_JOIN(try_result_, __LINE__), declaration, expression)
#define TOKAMARK_TRY_VOID(expression)                                         \
  do {                                                                        \
    auto try_result = (expression);                                           \
    if (!try_result.has_value()) return std::move(try_result).assume_error(); \
  } while (false)
