#include "base/error.h"

namespace tokamark::base {

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::study:
      return 3;
    case ErrorKind::engine:
    case ErrorKind::network:
    case ErrorKind::timeout:
      return 4;
    case ErrorKind::measurement:
      return 5;
    case ErrorKind::output:
      return 6;
    case ErrorKind::interrupted:
      return 130;
    case ErrorKind::internal:
      break;
  }
  return 1;
}

}  // namespace tokamark::base
