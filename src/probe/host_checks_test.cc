#include "probe/host_checks.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "probe/host_facts.h"

namespace tokamark::probe {
namespace {

/// A machine with nothing to say about.
HostFacts good() {
  HostFacts facts;
  facts.governors = {"performance", "performance"};
  facts.allowed_cpus = 8;
  facts.loadavg = "0.50 0.40 0.30 1/100 4242\n";
  facts.port_range = "32768\t60999\n";
  facts.tcp_tw_reuse = "2\n";
  facts.somaxconn = "4096\n";
  facts.meminfo = "MemTotal:  9000000 kB\nMemFree: 10 kB\nMemAvailable:    2097152 kB\n";
  facts.whole_port_range = true;
  facts.open_files_hard = 20'000;
  facts.timer_lateness = {std::chrono::microseconds(60), std::chrono::microseconds(80)};
  facts.realtime = true;
  facts.loopback.stamped = true;
  return facts;
}

Check found(const std::string& name, const HostFacts& facts, const HostNeeds& needs = {}) {
  for (const Check& check : check_host(facts, needs)) {
    if (check.id == "host." + name) return check;
  }
  ADD_FAILURE() << "no check " << name;
  return {};
}

TEST(HostChecks, AGoodMachinePassesAll) {
  HostNeeds needs;
  needs.concurrency = 64;
  for (const Check& check : check_host(good(), needs)) {
    EXPECT_EQ(check.status, CheckStatus::ok) << check.id << ": " << check.found;
    EXPECT_TRUE(check.fix.empty()) << check.id;
    EXPECT_FALSE(check.found.empty()) << check.id;
  }
  EXPECT_EQ(found("memory_available", good()).found, "2.0 GiB");
}

TEST(HostChecks, WhatIsNotExposedIsNoWarning) {
  HostFacts facts = good();
  facts.governors.clear();
  facts.loadavg = facts.port_range = facts.tcp_tw_reuse = facts.somaxconn = "";
  facts.meminfo = "";
  facts.open_files_hard.reset();
  for (const char* name : {"cpu_governor", "load_average", "port_range", "tcp_tw_reuse",
                           "somaxconn", "memory_available", "open_files"}) {
    const Check check = found(name, facts);
    EXPECT_EQ(check.status, CheckStatus::skipped) << name;
    EXPECT_EQ(check.found, "not exposed") << name;
  }
}

TEST(HostChecks, IoUringMattersOnlyToAStudyThatReceivesByIt) {
  HostFacts facts = good();
  HostNeeds needs;
  needs.io_uring = true;
  EXPECT_EQ(found("io_uring", facts, needs).status, CheckStatus::ok);
  facts.io_uring_problem = "cannot be set up";
  EXPECT_EQ(found("io_uring", facts).status, CheckStatus::ok);
  EXPECT_EQ(found("io_uring", facts).found, "cannot be set up");
  EXPECT_EQ(found("io_uring", facts, needs).status, CheckStatus::error);
}

TEST(HostChecks, WarnsOfClocksThatFollowTheLoad) {
  HostFacts facts = good();
  facts.governors = {"performance", "powersave"};
  EXPECT_EQ(found("cpu_governor", facts).status, CheckStatus::warning);
}

TEST(HostChecks, WarnsWhenTheLoadThreadsHaveNoCore) {
  HostNeeds needs;
  needs.threads = 8;
  EXPECT_EQ(found("cpus", good(), needs).status, CheckStatus::warning);
  needs.threads = 7;
  EXPECT_EQ(found("cpus", good(), needs).status, CheckStatus::ok);
  HostFacts busy = good();
  busy.loadavg = "7.50 1 1 1/1 1";
  EXPECT_EQ(found("load_average", busy).status, CheckStatus::warning);
}

TEST(HostChecks, RefusesMoreStreamsThanPorts) {
  HostFacts facts = good();
  facts.open_files_hard = 1'000'000;
  HostNeeds needs;
  needs.concurrency = 28'232;  // 60999 - 32768 + 1
  EXPECT_EQ(found("port_range", facts, needs).status, CheckStatus::warning);
  needs.concurrency = 28'233;
  EXPECT_EQ(found("port_range", facts, needs).status, CheckStatus::error);
  needs.concurrency = 14'116;
  EXPECT_EQ(found("port_range", facts, needs).status, CheckStatus::ok);
  needs.concurrency = 0;
  needs.expected_in_flight = 50'000;  // a guess only warns
  EXPECT_EQ(found("port_range", facts, needs).status, CheckStatus::warning);
}

TEST(HostChecks, RefusesMoreStreamsThanFiles) {
  HostNeeds needs;
  needs.concurrency = 20'000 - 64;
  EXPECT_EQ(found("open_files", good(), needs).status, CheckStatus::ok);
  ++needs.concurrency;
  EXPECT_EQ(found("open_files", good(), needs).status, CheckStatus::error);
}

TEST(HostChecks, WarnsWhenClosedConnectionsUseThePortsUp) {
  HostFacts facts = good();
  HostNeeds needs;
  needs.rate_per_s = 471;  // 28,232 ports / 60 s = 470
  EXPECT_EQ(found("tcp_tw_reuse", facts, needs).status, CheckStatus::ok);  // 2 = loopback only
  needs.engines = HostNeeds::Where::elsewhere;
  EXPECT_EQ(found("tcp_tw_reuse", facts, needs).status, CheckStatus::warning);
  needs.rate_per_s = 470;
  EXPECT_EQ(found("tcp_tw_reuse", facts, needs).status, CheckStatus::ok);
  facts.tcp_tw_reuse = "1";
  needs.rate_per_s = 471;
  EXPECT_EQ(found("tcp_tw_reuse", facts, needs).status, CheckStatus::ok);
}

TEST(HostChecks, WarnsOfASmallBacklogOfThisMachineOnly) {
  HostNeeds needs;
  needs.concurrency = 4097;
  EXPECT_EQ(found("somaxconn", good(), needs).status, CheckStatus::warning);
  needs.engines = HostNeeds::Where::elsewhere;
  EXPECT_EQ(found("somaxconn", good(), needs).status, CheckStatus::ok);
}

TEST(HostChecks, RefusesADeadLoopbackWhenAnEngineNeedsIt) {
  HostFacts facts = good();
  facts.loopback = {"cannot connect on 127.0.0.1: Network is unreachable", false};
  EXPECT_EQ(found("loopback", facts).status, CheckStatus::error);
  HostNeeds needs;
  needs.engines = HostNeeds::Where::elsewhere;
  EXPECT_EQ(found("loopback", facts, needs).status, CheckStatus::warning);
  facts.loopback = {"", false};
  EXPECT_EQ(found("loopback", facts).status, CheckStatus::warning);
}

TEST(HostChecks, WarnsOfLateTimersAndLittleMemory) {
  HostFacts facts = good();
  facts.timer_lateness = {std::chrono::microseconds(10), std::chrono::milliseconds(6)};
  EXPECT_EQ(found("timer_lateness", facts).status, CheckStatus::warning);
  facts.timer_lateness = {std::chrono::microseconds(501), std::chrono::microseconds(502)};
  EXPECT_EQ(found("timer_lateness", facts).status, CheckStatus::warning);
  facts.meminfo = "MemAvailable: 1048575 kB\n";
  EXPECT_EQ(found("memory_available", facts).status, CheckStatus::warning);
}

TEST(HostChecks, RealTimePriorityMattersWhereCoresAreFew) {
  HostFacts facts = good();
  facts.realtime = false;
  EXPECT_EQ(found("realtime_priority", facts).status, CheckStatus::ok);
  facts.allowed_cpus = 2;
  EXPECT_EQ(found("realtime_priority", facts).status, CheckStatus::warning);
}

TEST(HostFacts, OfThisMachineAreThere) {
  const LoopbackFacts loopback = test_loopback();
  EXPECT_EQ(loopback.problem, "");
  const HostFacts facts = read_host_facts();
  EXPECT_GT(facts.allowed_cpus, 0U);
  EXPECT_EQ(facts.timer_lateness.size(), 50U);
  EXPECT_TRUE(std::all_of(facts.timer_lateness.begin(), facts.timer_lateness.end(),
                          [](base::Nanos late) { return late.count() >= 0; }));
  EXPECT_EQ(to_json(check_host(facts, {}))["checks"].size(), 12U);
}

}  // namespace
}  // namespace tokamark::probe
