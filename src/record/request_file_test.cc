#include "record/request_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/files.h"

namespace tokamark::record {
namespace {

using base::Nanos;

RequestRecord full_record() {
  RequestRecord r;
  r.sequence = 41;
  r.schedule_index = 7;
  r.phase = Phase::measured;
  r.category = "code";
  r.status = RequestStatus::succeeded;
  r.http_status = 200;
  r.finish_reason = "length";
  r.scheduled = Nanos(1'000'000'000);
  r.sent = Nanos(1'000'050'000);
  r.first_byte = Nanos(1'020'000'000);
  r.first_token = Nanos(1'021'000'000);
  r.last_token = Nanos(1'051'000'000);
  r.ended = Nanos(1'051'500'000);
  r.input_tokens = 32;
  r.output_tokens = 3;
  r.cached_tokens = 0;
  r.output_tokens_source = TokenSource::continuous_usage;
  r.requested_output_tokens = 3;
  r.bytes_sent = 512;
  r.bytes_received = 2048;
  r.connections = 1;
  r.chunks = {{Nanos(1'021'000'000), Nanos(12'000), 1, kKernelStamp},
              {Nanos(1'051'000'000), Nanos(9'000), 2, kKernelStamp | kSharedRead}};
  return r;
}

RequestRecord failed_record() {
  RequestRecord r;
  r.sequence = 42;
  r.status = RequestStatus::timed_out;
  r.error = RequestError::first_byte_timeout;
  r.error_message = "no byte within 30 s";
  r.scheduled = Nanos(0);
  r.ended = Nanos(30'000'000'000);
  return r;
}

TEST(RequestLines, HoldTheDocumentedKeysAndValues) {
  // Written by hand from docs/RESULT_FORMAT.md.
  EXPECT_EQ(to_json_lines({full_record()}),
            R"({"sequence":41,"schedule_index":7,"phase":"measured","category":"code",)"
            R"("status":"succeeded","error":null,"error_message":null,"http_status":200,)"
            R"("finish_reason":"length","scheduled_ns":1000000000,"sent_ns":1000050000,)"
            R"("first_byte_ns":1020000000,"first_token_ns":1021000000,"last_token_ns":1051000000,)"
            R"("ended_ns":1051500000,"input_tokens":32,"output_tokens":3,"cached_tokens":0,)"
            R"("output_tokens_source":"continuous_usage","requested_output_tokens":3,)"
            R"("bytes_sent":512,"bytes_received":2048,"connections":1,"resends":0,)"
            R"("chunk_time_ns":[1021000000,1051000000],"chunk_tokens":[1,2],)"
            R"("chunk_receive_delay_ns":[12000,9000],"chunk_flags":[1,3]})"
            "\n");
}

TEST(RequestLines, WriteNullForWhatDidNotHappen) {
  const auto json = nlohmann::json::parse(to_json_lines({failed_record()}));
  for (const char* key :
       {"sent_ns", "first_byte_ns", "first_token_ns", "last_token_ns", "http_status",
        "finish_reason", "input_tokens", "output_tokens", "cached_tokens"}) {
    EXPECT_TRUE(json.at(key).is_null()) << key;
  }
  EXPECT_EQ(json.at("scheduled_ns"), 0);
  EXPECT_EQ(json.at("error"), "first_byte_timeout");
  EXPECT_EQ(json.at("chunk_time_ns"), nlohmann::json::array());
}

void expect_equal(const RequestRecord& a, const RequestRecord& b) {
  EXPECT_EQ(a.sequence, b.sequence);
  EXPECT_EQ(a.schedule_index, b.schedule_index);
  EXPECT_EQ(a.phase, b.phase);
  EXPECT_EQ(a.category, b.category);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.error_message, b.error_message);
  EXPECT_EQ(a.http_status, b.http_status);
  EXPECT_EQ(a.finish_reason, b.finish_reason);
  EXPECT_EQ(a.scheduled, b.scheduled);
  EXPECT_EQ(a.sent, b.sent);
  EXPECT_EQ(a.first_byte, b.first_byte);
  EXPECT_EQ(a.first_token, b.first_token);
  EXPECT_EQ(a.last_token, b.last_token);
  EXPECT_EQ(a.ended, b.ended);
  EXPECT_EQ(a.input_tokens, b.input_tokens);
  EXPECT_EQ(a.output_tokens, b.output_tokens);
  EXPECT_EQ(a.cached_tokens, b.cached_tokens);
  EXPECT_EQ(a.output_tokens_source, b.output_tokens_source);
  EXPECT_EQ(a.requested_output_tokens, b.requested_output_tokens);
  EXPECT_EQ(a.bytes_sent, b.bytes_sent);
  EXPECT_EQ(a.bytes_received, b.bytes_received);
  EXPECT_EQ(a.connections, b.connections);
  EXPECT_EQ(a.resends, b.resends);
  ASSERT_EQ(a.chunks.size(), b.chunks.size());
  const auto want = a.chunks.unpacked(), got = b.chunks.unpacked();
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(want[i].time, got[i].time);
    EXPECT_EQ(want[i].receive_delay, got[i].receive_delay);
    EXPECT_EQ(want[i].tokens, got[i].tokens);
    EXPECT_EQ(want[i].flags, got[i].flags);
  }
}

TEST(RequestFile, GivesEveryFieldBackExactly) {
  auto extreme = full_record();
  extreme.sequence = std::numeric_limits<std::uint64_t>::max();
  extreme.bytes_received = std::numeric_limits<std::uint64_t>::max();
  extreme.schedule_index = std::numeric_limits<std::uint32_t>::max();
  extreme.connections = 2;
  extreme.resends = 1;
  extreme.last_token = Nanos(std::numeric_limits<std::int64_t>::max());
  extreme.chunks.push_back({Nanos(1'052'000'000), Nanos(-5), 65535, 0});
  extreme.output_tokens_source = TokenSource::chunks;
  const std::vector<RequestRecord> records{full_record(), failed_record(), extreme};
  const auto path = std::filesystem::path(testing::TempDir()) / "requests_round.jsonl.zst";
  ASSERT_TRUE(write_request_file(path, records).has_value());
  const auto back = read_request_file(path);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  ASSERT_EQ(back.value().size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    expect_equal(records[i], back.value()[i]);
  }
}

TEST(RequestFile, IsTheSameBytesForTheSameRecordsAndSpansManyPieces) {
  std::vector<RequestRecord> records;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    records.push_back(i % 2 == 0 ? full_record() : failed_record());
    records.back().sequence = i;
  }
  const auto folder = std::filesystem::path(testing::TempDir());
  ASSERT_TRUE(write_request_file(folder / "same_a.zst", records).has_value());
  ASSERT_TRUE(write_request_file(folder / "same_b.zst", records).has_value());
  const auto a = base::read_file(folder / "same_a.zst", base::ErrorKind::study).value();
  const auto b = base::read_file(folder / "same_b.zst", base::ErrorKind::study).value();
  EXPECT_TRUE(a == b);
  EXPECT_TRUE(read_compressed(folder / "same_a.zst").value() == to_json_lines(records));
  const auto back = read_request_file(folder / "same_a.zst").value();
  ASSERT_EQ(back.size(), records.size());
  EXPECT_EQ(back.back().sequence, 19'999u);
}

TEST(RequestFile, AnEmptyTrialHasAnEmptyFileThatCanBeRead) {
  const auto path = std::filesystem::path(testing::TempDir()) / "requests_empty.zst";
  ASSERT_TRUE(write_request_file(path, {}).has_value());
  EXPECT_TRUE(read_request_file(path).value().empty());
}

TEST(RequestLines, TurnBytesThatAreNotUtf8IntoReplacementCharacters) {
  auto record = failed_record();
  record.error_message = std::string("bad \xff\xc3 byte\0\n\"\\", 15);
  record.finish_reason = "</script>\u2028";
  const auto lines = to_json_lines({record});
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 1);
  const auto back = from_json_lines(lines);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  EXPECT_EQ(back.value()[0].finish_reason, "</script>\u2028");
  EXPECT_EQ(back.value()[0].error_message, std::string("bad \uFFFD\uFFFD byte\0\n\"\\", 19));
  EXPECT_EQ(to_json_lines(back.value()), lines);
}

TEST(RequestLines, AnErrorNamesTheLineAndTheField) {
  const auto good = to_json_lines({full_record()});
  const auto broken = [&good](const std::string& from, const std::string& to) {
    auto line = good;
    line.replace(line.find(from), from.size(), to);
    const auto back = from_json_lines(good + line);
    return back.has_value() ? std::string("accepted") : back.error().message;
  };
  EXPECT_EQ(broken("\"sequence\":41", "\"sequence\":-1"),
            "line 2: 'sequence' is not an integer in range");
  EXPECT_EQ(broken("\"connections\":1", "\"connections\":65536"),
            "line 2: 'connections' is not an integer in range");
  EXPECT_EQ(broken("\"succeeded\"", "\"done\""), "line 2: 'status' has the unknown word 'done'");
  EXPECT_EQ(broken("\"succeeded\"", "\"do\\nne\""),
            "line 2: 'status' has the unknown word 'do ne'");
  EXPECT_EQ(broken("\"scheduled_ns\":1000000000", "\"scheduled_ns\":-1000000000"),
            "line 2: 'scheduled_ns' is neither null nor a time of 0 or more");
  EXPECT_EQ(broken("\"ended_ns\"", "\"finished_ns\""),
            "line 2: 'ended_ns' is missing or the line is not JSON");
  EXPECT_EQ(broken("\"chunk_tokens\":[1,2]", "\"chunk_tokens\":[1]"),
            "line 2: 'chunk_tokens' is shorter than chunk_time_ns");
  EXPECT_EQ(broken("\"chunk_flags\":[1,3]", "\"chunk_flags\":[1,3,3]"),
            "line 2: 'chunk_flags' is longer than chunk_time_ns");
  EXPECT_EQ(broken("{", "["), "line 2: not a JSON object");
}

TEST(RequestLines, SkipKeysOfALaterVersion) {
  auto line = to_json_lines({full_record()});
  line.insert(1, "\"later\":{\"a\":[1,2]},");
  const auto back = from_json_lines(line);
  ASSERT_TRUE(back.has_value()) << back.error().message;
  expect_equal(back.value()[0], full_record());
}

}  // namespace
}  // namespace tokamark::record
