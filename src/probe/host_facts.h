#pragma once

#include "probe/host_checks.h"

namespace tokamark::probe {

/// Reads /proc and /sys, measures 50 waits of 1 ms, asks for real-time priority on a thread that
/// ends at once, and tests the loopback: a tenth of a second in all, two where nothing is stamped.
HostFacts read_host_facts();

/// A listener on 127.0.0.1 and a connection of the load generator's kind; a few bytes through
/// them. Each wait is at most 1 s.
LoopbackFacts test_loopback();

}  // namespace tokamark::probe
