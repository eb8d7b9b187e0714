#include "load/player.h"

#include <gtest/gtest.h>

#include <latch>
#include <set>

#include "load/scripted_server.h"
#include "net/receive_ring.h"

namespace tokamark::load {
namespace {

using record::Phase;
using record::RequestError;
using record::RequestRecord;
using record::RequestStatus;
using After = ScriptedServer::After;
using std::chrono::milliseconds;

/// A schedule, its renderer and options for one short trial against a scripted server; every test
/// for each way of receiving that there is here.
class Playing : public testing::TestWithParam<Receiving> {
 protected:
  void SetUp() override {
    options.receiving = GetParam();
    if (GetParam() == Receiving::epoll) return;
    const auto ring = net::ReceiveRing::make(-1, 0);
    if (!ring.has_value()) GTEST_SKIP() << ring.error().message;
  }
  void closed(std::uint32_t concurrency, std::uint32_t least_requests) {
    schedule.load.kind = workload::LoadKind::closed;
    schedule.load.concurrency = concurrency;
    for (int i = 0; i < 8; ++i) schedule.requests.push_back({base::Nanos(0), 0, 3});
    options.window.warmup_requests = concurrency;
    options.window.least_requests = least_requests;
  }
  void open(int requests, milliseconds gap) {
    schedule.load.kind = workload::LoadKind::open;
    for (int i = 0; i < requests; ++i) schedule.requests.push_back({gap * i, 0, 3});
    options.window.least = gap * (requests / 2);
  }
  PlayResult run(const ScriptedServer& server) {
    schedule.prompts.push_back({"short", "hello", "", 0});
    protocol::RequestShape shape;
    shape.path = "/v1/chat/completions";
    shape.api = "chat";
    renderer = protocol::RequestRenderer::make(shape, schedule.prompts).value();
    options.endpoint = net::resolve(server.url()).value();
    options.schedule = &schedule;
    options.renderer = &renderer;
    options.window.longest = std::chrono::seconds(30);
    options.stop = &stop;
    auto result = play(options);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    return std::move(result.value());
  }
  static std::vector<RequestRecord> measured(const PlayResult& result) {
    std::vector<RequestRecord> some;
    for (const RequestRecord& r : result.records) {
      if (r.phase == Phase::measured) some.push_back(r);
    }
    return some;
  }

  workload::Schedule schedule;
  protocol::RequestRenderer renderer;
  PlayOptions options = [] {
    PlayOptions o;
    o.timeouts = {std::chrono::seconds(10), std::chrono::seconds(10), std::chrono::seconds(10),
                  std::chrono::seconds(30)};
    return o;
  }();
  std::atomic<bool> stop{false};
};

INSTANTIATE_TEST_SUITE_P(ByEach, Playing, testing::Values(Receiving::epoll, Receiving::io_uring),
                         [](const auto& way) {
                           return way.param == Receiving::epoll ? "epoll" : "io_uring";
                         });

TEST_P(Playing, AClosedLoadKeepsItsConcurrencyAndReusesItsConnections) {
  closed(4, 40);
  // Nobody is answered before all are there: the server's threads start when they like.
  std::latch all(4);
  ScriptedServer server([&all](int number) {
    if (number < 4) all.arrive_and_wait();
    return ScriptedServer::Answer{streamed_answer(3)};
  });
  const PlayResult result = run(server);
  EXPECT_EQ(result.receiving, GetParam());
  EXPECT_EQ(server.connections(), 4);
  EXPECT_EQ(server.most_at_once(), 4);
  EXPECT_GE(measured(result).size(), 40U);
  std::set<std::uint64_t> sequences;
  for (const RequestRecord& r : result.records) {
    sequences.insert(r.sequence);
    if (r.status == RequestStatus::cut_off) continue;
    EXPECT_EQ(r.status, RequestStatus::succeeded) << r.error_message;
    EXPECT_EQ(r.output_tokens, 3);
    EXPECT_EQ(r.category, "short");
    EXPECT_LE(r.scheduled, r.sent);
    EXPECT_LE(r.sent, r.first_byte);
    EXPECT_LE(r.first_token, r.last_token);
    EXPECT_EQ(r.connections, 0);
    EXPECT_EQ(r.schedule_index, r.sequence % 8);
  }
  EXPECT_EQ(sequences.size(), result.records.size());  // none lost, none twice
  EXPECT_EQ(*sequences.rbegin() + 1, result.records.size());
}

TEST_P(Playing, SaysWhichCoresItsThreadsWereKeptOn) {
  closed(1, 5);
  ScriptedServer server([](int) { return ScriptedServer::Answer{streamed_answer(3)}; });
  options.pin = {PinRule::Kind::listed, {allowed_cpus().front()}};
  const PlayResult kept = run(server);
  EXPECT_EQ(kept.pinning, "pinned");
  EXPECT_EQ(kept.cpus, options.pin.cpus);
  options.pin = {PinRule::Kind::listed, {1023}};
  const PlayResult refused = run(server);
  EXPECT_EQ(refused.pinning, "refused");
  EXPECT_TRUE(refused.cpus.empty());
  options.pin = {PinRule::Kind::none, {}};
  EXPECT_EQ(run(server).pinning, "off");
}

TEST_P(Playing, ALimitedLoadSendsThatManyAndCutsNoneOff) {
  closed(1, 5);
  options.window.warmup_requests = 0;
  options.most_requests = 5;
  ScriptedServer server([](int) { return ScriptedServer::Answer{streamed_answer(3)}; });
  const PlayResult result = run(server);
  EXPECT_EQ(server.requests(), 5);
  EXPECT_EQ(measured(result).size(), 5U);
}

TEST_P(Playing, TwoThreadsShareOneClosedLoad) {
  closed(5, 50);
  options.threads = 2;
  std::latch all(5);
  ScriptedServer server([&all](int number) {
    if (number < 5) all.arrive_and_wait();
    return ScriptedServer::Answer{streamed_answer(3)};
  });
  const PlayResult result = run(server);
  EXPECT_EQ(server.connections(), 5);
  ASSERT_EQ(result.threads.size(), 2U);
  for (const ThreadCost& cost : result.threads) {
    EXPECT_GE(cost.window_voluntary_switches.value(), 0);
    EXPECT_GE(cost.window_involuntary_switches.value(), 0);
  }
  EXPECT_GE(measured(result).size(), 50U);
}

TEST_P(Playing, AnOpenLoadSendsEveryRequestOfItsWindowFromItsScheduledTime) {
  open(40, milliseconds(5));
  ScriptedServer server([](int) { return ScriptedServer::Answer{streamed_answer(3)}; });
  const PlayResult result = run(server);
  ASSERT_FALSE(measured(result).empty());
  for (const RequestRecord& r : result.records) {
    EXPECT_EQ(r.scheduled, milliseconds(5) * static_cast<int>(r.sequence));
    EXPECT_LE(r.scheduled, r.sent);
  }
}

TEST_P(Playing, ServerErrorsAreRecordsAndTheLoadGoesOn) {
  closed(2, 20);
  ScriptedServer server([](int number) {
    if (number % 2 == 1) return ScriptedServer::Answer{streamed_answer(3)};
    return ScriptedServer::Answer{
        "HTTP/1.1 500 Oops\r\nContent-Length: 28\r\n\r\n{\"error\":{\"message\":\"broken\"}}"};
  });
  const auto some = measured(run(server));
  ASSERT_GE(some.size(), 20U);
  int failed = 0;
  for (const RequestRecord& r : some) {
    if (r.status == RequestStatus::succeeded) continue;
    ++failed;
    EXPECT_EQ(r.error, RequestError::http_status);
    EXPECT_EQ(r.http_status, 500);
  }
  EXPECT_GE(failed, 5);
}

TEST_P(Playing, AnAnswerCutInTheMiddleIsAFailure) {
  closed(1, 5);
  const std::string whole = streamed_answer(3);
  ScriptedServer server([&](int) {
    return ScriptedServer::Answer{whole.substr(0, whole.size() / 2), After::close};
  });
  for (const RequestRecord& r : measured(run(server))) {
    EXPECT_EQ(r.error, RequestError::connection_closed);
  }
}

// llama.cpp closes a connection after 100 requests and uvicorn after five idle seconds; neither is
// a failure of the request that finds it closed.
TEST_P(Playing, ARequestThatFindsItsConnectionClosedIsSentAgainOnceAndSaysSo) {
  closed(1, 6);
  ScriptedServer server([](int) {
    return ScriptedServer::Answer{streamed_answer(3), After::close};
  });
  const PlayResult result = run(server);
  int resent = 0;
  for (const RequestRecord& r : measured(result)) {
    EXPECT_EQ(r.status, RequestStatus::succeeded) << r.error_message;
    resent += r.resends;
    EXPECT_EQ(r.connections, 1);
  }
  EXPECT_GE(resent, 1);
}

TEST_P(Playing, AnEndOfConnectionThatComesWithTheAnswersLastBytesIsNotMissed) {
  closed(4, 200);
  ScriptedServer server([](int) {
    return ScriptedServer::Answer{streamed_answer(3), After::half_close};
  });
  for (const RequestRecord& r : measured(run(server))) {
    EXPECT_EQ(r.status, RequestStatus::succeeded) << r.error_message;
  }
}

TEST_P(Playing, AServerThatClosesAfterEveryAnswerIsSoonGivenAFreshConnectionForEach) {
  closed(2, 60);
  ScriptedServer server([](int) {
    return ScriptedServer::Answer{streamed_answer(3), After::close};
  });
  int resent = 0;
  for (const RequestRecord& r : run(server).records) resent += r.resends;
  EXPECT_LE(resent, 4);  // three chances, and a second stream may be at it at the same time
}

/// The load threads' own count of requests in flight, held against the records (Little's law), also
/// where requests are sent again.
TEST_P(Playing, RequestsInFlightAddUpToTheirRecords) {
  for (const After after : {After::keep, After::close}) {
    closed(4, 400);
    ScriptedServer server([after](int) {
      return ScriptedServer::Answer{streamed_answer(3), after};
    });
    const PlayResult result = run(server);
    base::Nanos inside{0};
    for (const RequestRecord& r : result.records) {
      if (r.sent.count() < 0) continue;
      const base::Nanos from = std::max(r.sent, result.window_start);
      inside += std::max(base::Nanos(0), std::min(r.ended, result.window_end) - from);
    }
    const double mean =
        base::to_seconds(inside) / base::to_seconds(result.window_end - result.window_start);
    EXPECT_NEAR(result.threads[0].window_in_flight.value(), mean, 0.2 * mean);
  }
}

TEST_P(Playing, ASilentServerIsATimeout) {
  closed(1, 1);
  options.window.warmup_requests = 0;
  options.timeouts.first_byte = milliseconds(50);
  ScriptedServer server([](int) { return ScriptedServer::Answer{"", After::keep, true}; });
  const PlayResult result = run(server);
  ASSERT_GE(result.records.size(), 1U);
  EXPECT_EQ(result.records[0].status, RequestStatus::timed_out);
  EXPECT_EQ(result.records[0].error, RequestError::first_byte_timeout);
}

TEST_P(Playing, AStreamThatFallsSilentIsATimeout) {
  closed(1, 1);
  options.window.warmup_requests = 0;
  options.timeouts.inter_chunk = milliseconds(50);
  const std::string part = streamed_answer(3).substr(0, 200);
  ScriptedServer server([&](int) { return ScriptedServer::Answer{part}; });
  const PlayResult result = run(server);
  EXPECT_EQ(result.records[0].error, RequestError::inter_chunk_timeout);
  EXPECT_GE(result.records[0].first_token.count(), 0);
}

TEST_P(Playing, AStopEndsTheTrialAndCutsTheRunningRequestsOff) {
  closed(2, 1'000'000);
  ScriptedServer server([&](int number) {
    if (number == 10) stop = true;
    return number >= 10 ? ScriptedServer::Answer{"", After::keep, true}
                        : ScriptedServer::Answer{streamed_answer(3)};
  });
  const PlayResult result = run(server);
  EXPECT_TRUE(result.stopped);
  EXPECT_EQ(result.records.back().status, RequestStatus::cut_off);
}

TEST_P(Playing, NobodyListeningIsAnErrorThatNamesTheAddress) {
  closed(1, 1);
  std::string url;
  {
    ScriptedServer gone([](int) { return ScriptedServer::Answer{}; });
    url = gone.url();
  }
  schedule.prompts.push_back({"short", "hello", "", 0});
  renderer = protocol::RequestRenderer::make({}, schedule.prompts).value();
  options.endpoint = net::resolve(url).value();
  options.schedule = &schedule;
  options.renderer = &renderer;
  options.stop = &stop;
  const auto result = play(options);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind, base::ErrorKind::engine);
  EXPECT_NE(result.error().message.find(url.substr(7)), std::string::npos);
}

}  // namespace
}  // namespace tokamark::load
