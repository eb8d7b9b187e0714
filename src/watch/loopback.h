#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace tokamark::watch {

/// The address to listen on: 127.0.0.0/8, ::1, or "localhost", which is 127.0.0.1. Anything else is
/// an error of kind `usage` that says how to reach the page from elsewhere.
base::Result<std::string> loopback_address(const std::string& host);

/// Whether a request's Host field names this machine: "localhost", 127.0.0.0/8 or [::1], with any
/// port, since a tunnel may change it. A page elsewhere whose name was made to resolve to loopback
/// (DNS rebinding) sends its own name.
bool is_local_host_field(std::string_view field);

}  // namespace tokamark::watch
