#include "net/receive_ring.h"

// What stands for receive_ring.cc where liburing is missing or too old.
namespace tokamark::net {

base::Result<std::unique_ptr<ReceiveRing>> ReceiveRing::make(int, std::size_t) {
  return base::Error{base::ErrorKind::study,
                     "this tokamark was built without it; build it where liburing 2.3 or newer is "
                     "installed"};
}

}  // namespace tokamark::net
