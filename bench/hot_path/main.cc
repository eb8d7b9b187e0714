#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>
#include <vector>

#include "drain/token_stream.h"
#include "load/stream_reader.h"

namespace {

using tokamark::load::ReadStamp;
using tokamark::load::StreamReader;
namespace base = tokamark::base;
namespace bench = tokamark::bench;
namespace record = tokamark::record;

/// Where reads land, as in a load thread: room to put back what the last read left, and the bytes.
class ReadBuffer {
 public:
  /// The bytes arrive as one read, a microsecond after the kernel saw them.
  void deliver(std::string_view bytes, StreamReader& reader) {
    at_ += std::chrono::milliseconds(10);
    std::memcpy(data(), bytes.data(), bytes.size());
    reader.on_bytes(data(), bytes.size(),
                    {at_, std::chrono::microseconds(1), ReadStamp::Source::kernel});
  }

 private:
  static constexpr std::size_t kHeadroom = tokamark::protocol::ResponseParser::kHeadroom;
  char* data() { return bytes_.data() + kHeadroom; }

  std::vector<char> bytes_ = std::vector<char>(kHeadroom + std::size_t{64} * 1024);
  base::Nanos at_{0};
};

/// Reads one answer of `events` tokens, one a read; the number of tokens that its record holds.
std::size_t read_answer(std::uint32_t events) {
  tokamark::protocol::StreamEventParser parser;
  StreamReader reader(parser);
  record::RequestRecord request;
  request.scheduled = base::Nanos(0);
  request.sent = base::Nanos(0);
  request.requested_output_tokens = events;
  reader.begin(std::move(request), tokamark::load::ChunkCounting::one_each);
  ReadBuffer buffer;
  buffer.deliver(bench::answer_head(), reader);
  const std::string token = bench::token_chunk();
  for (std::uint32_t i = 0; i < events; ++i) buffer.deliver(token, reader);
  buffer.deliver(bench::answer_end(events), reader);
  if (reader.active()) return 0;
  const record::RequestRecord answer = reader.take();
  return answer.status == record::RequestStatus::succeeded ? answer.chunks.size() : 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(
      "Feeds one streamed answer to the load generator's reader, without a socket: what an "
      "instruction count of bench/hot_path.py is taken of.");
  std::uint32_t events = 1000;
  program.add_option("--events", events, "Tokens of the answer, one a read")->capture_default_str();
  CLI11_PARSE(program, argc, argv);
  const std::size_t kept = read_answer(events);
  fmt::print("{}\n", kept);
  return kept == events ? 0 : 1;
}
