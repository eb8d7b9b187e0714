#include "net/receive_ring.h"

#include <fmt/core.h>
#include <liburing.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/assert.h"

namespace tokamark::net {

namespace {

using base::Error;
using base::ErrorKind;

constexpr unsigned kSubmissions = 256;
constexpr unsigned kCompletions = 4096;
constexpr unsigned kBuffers = 512;  ///< a power of two
constexpr std::size_t kBufferSize = 4096;
constexpr std::uint16_t kBufferGroup = 0;
constexpr std::size_t kMostArrivals = 64;
constexpr ReceiveRing::Token kPoller = ReceiveRing::kReserved;
constexpr ReceiveRing::Token kNobody = ReceiveRing::kReserved + 1;

Error refused(const char* what, int code) {
  std::string why = std::strerror(code);
  if (code == ENOSYS || code == EPERM) why += "; the kernel or the container forbids io_uring";
  if (code == EINVAL) why += "; Linux 6.1 or newer is needed";
  if (code == ENOMEM) why += "; is the limit of locked memory too low?";
  return {ErrorKind::study, fmt::format("{}: {}", what, why)};
}

/// Anonymous memory, which the kernel reads or writes behind the program's back.
class Pages {
 public:
  explicit Pages(std::size_t size) : size_(size) {
    void* const got =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TOKAMARK_ASSERT(got != MAP_FAILED);
    begin_ = static_cast<char*>(got);
  }
  ~Pages() { ::munmap(begin_, size_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  [[nodiscard]] char* begin() const { return begin_; }

 private:
  std::size_t size_;
  char* begin_ = nullptr;
};

class Ring final : public ReceiveRing {
 public:
  explicit Ring(std::size_t headroom)
      : buffers_(kBuffers * kBufferSize), list_(kBuffers * sizeof(io_uring_buf)) {
    // In a buffer come the kernel's header, room for control data, and the bytes received. The
    // first two are read before the bytes are handed on, and then are the headroom.
    TOKAMARK_ASSERT(headroom <= kMostHeadroom);
    message_.msg_controllen = std::max(headroom, kLeastHeadroom) - sizeof(io_uring_recvmsg_out);
  }
  ~Ring() override {
    if (open_) io_uring_queue_exit(&ring_);
  }

  base::Result<void> open(int poller) {
    io_uring_params params{};
    params.flags = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SINGLE_ISSUER |
                   IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED;
    params.cq_entries = kCompletions;
    const int made = io_uring_queue_init_params(kSubmissions, &ring_, &params);
    if (made < 0) return refused("cannot be set up", -made);
    open_ = true;
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<std::uintptr_t>(list_.begin());
    registration.ring_entries = kBuffers;
    registration.bgid = kBufferGroup;
    const int registered = io_uring_register_buf_ring(&ring_, &registration, 0);
    if (registered < 0) return refused("cannot register buffers", -registered);
    free_ = reinterpret_cast<io_uring_buf_ring*>(list_.begin());
    io_uring_buf_ring_init(free_);
    for (unsigned i = 0; i < kBuffers; ++i) used_.push_back(static_cast<std::uint16_t>(i));
    recycle();
    poller_ = poller;
    return base::ok();
  }

  base::Result<void> attach() override {
    // io_uring_enable_rings() is declared by liburing 2.3 and missing from its library.
    const long enabled =
        ::syscall(SYS_io_uring_register, ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0);
    if (enabled < 0) return refused("cannot be enabled", errno);
    watch_poller();
    return base::ok();
  }

  void start(int socket, Token token) override {
    TOKAMARK_ASSERT(token < kReserved);
    io_uring_sqe* const entry = submission();
    io_uring_prep_recvmsg_multishot(entry, socket, &message_, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = kBufferGroup;
    io_uring_sqe_set_data64(entry, token);
  }

  void stop(Token token) override {
    io_uring_sqe* const entry = submission();
    io_uring_prep_cancel64(entry, token, 0);
    io_uring_sqe_set_data64(entry, kNobody);
    // Before the socket's number can stand for another socket.
    (void)io_uring_submit(&ring_);
  }

  Ready wait(std::chrono::milliseconds longest) override {
    recycle();
    const bool left = io_uring_cq_ready(&ring_) > 0;
    if (left || longest.count() == 0) {
      if (!left || io_uring_sq_ready(&ring_) > 0) (void)io_uring_submit_and_get_events(&ring_);
    } else {
      __kernel_timespec timeout{longest.count() / 1000, longest.count() % 1000 * 1'000'000};
      io_uring_cqe* first = nullptr;
      (void)io_uring_submit_and_wait_timeout(&ring_, &first, 1, &timeout, nullptr);
    }
    return collect();
  }

 private:
  static constexpr std::size_t kLeastHeadroom = 128;

  io_uring_sqe* submission() {
    io_uring_sqe* entry = io_uring_get_sqe(&ring_);
    while (entry == nullptr) {
      (void)io_uring_submit(&ring_);
      entry = io_uring_get_sqe(&ring_);
    }
    return entry;
  }

  void watch_poller() {
    io_uring_sqe* const entry = submission();
    io_uring_prep_poll_multishot(entry, poller_, POLLIN);
    io_uring_sqe_set_data64(entry, kPoller);
  }

  /// Gives the buffers of the last arrivals back to the kernel.
  void recycle() {
    const int mask = io_uring_buf_ring_mask(kBuffers);
    for (std::size_t i = 0; i < used_.size(); ++i) {
      io_uring_buf_ring_add(free_, buffer(used_[i]), kBufferSize, used_[i], mask,
                            static_cast<int>(i));
    }
    if (!used_.empty()) io_uring_buf_ring_advance(free_, static_cast<int>(used_.size()));
    used_.clear();
  }

  [[nodiscard]] char* buffer(std::uint16_t number) const {
    return buffers_.begin() + number * kBufferSize;
  }

  Ready collect() {
    Ready ready;
    std::array<io_uring_cqe*, kMostArrivals> completions;
    const unsigned count = io_uring_peek_batch_cqe(&ring_, completions.data(), kMostArrivals);
    std::size_t arrivals = 0;
    for (unsigned i = 0; i < count; ++i) {
      const io_uring_cqe& completion = *completions[i];
      if (completion.user_data == kNobody) continue;
      if (completion.user_data == kPoller) {
        ready.poller = true;
        if ((completion.flags & IORING_CQE_F_MORE) == 0) watch_poller();
      } else if (completion.res != -ECANCELED) {
        arrivals_[arrivals++] = arrival_of(completion);
      }
    }
    io_uring_cq_advance(&ring_, count);
    ready.arrivals = {arrivals_.data(), arrivals};
    return ready;
  }

  Arrival arrival_of(const io_uring_cqe& completion) {
    Arrival arrival;
    arrival.token = completion.user_data;
    arrival.ended = (completion.flags & IORING_CQE_F_MORE) == 0;
    Received& got = arrival.got;
    if (completion.res < 0) {
      // Without a free buffer nothing was read and nothing is lost.
      if (completion.res == -ENOBUFS) return arrival;
      got.status = Received::Status::error;
      got.error_number = -completion.res;
      return arrival;
    }
    TOKAMARK_ASSERT((completion.flags & IORING_CQE_F_BUFFER) != 0);
    const auto number = static_cast<std::uint16_t>(completion.flags >> IORING_CQE_BUFFER_SHIFT);
    used_.push_back(number);
    io_uring_recvmsg_out* const out =
        io_uring_recvmsg_validate(buffer(number), completion.res, &message_);
    TOKAMARK_ASSERT(out != nullptr);
    got.size = io_uring_recvmsg_payload_length(out, completion.res, &message_);
    got.status = got.size == 0 ? Received::Status::closed : Received::Status::bytes;
    got.drained = true;
    for (cmsghdr* c = io_uring_recvmsg_cmsg_firsthdr(out, &message_); c != nullptr;
         c = io_uring_recvmsg_cmsg_nexthdr(out, &message_, c)) {
      if (const std::int64_t stamp = receive_stamp_ns(*c); stamp != 0) got.stamp_ns = stamp;
    }
    arrival.data = static_cast<char*>(io_uring_recvmsg_payload(out, &message_));
    return arrival;
  }

  io_uring ring_{};
  bool open_ = false;
  int poller_ = -1;
  msghdr message_{};
  Pages buffers_, list_;
  io_uring_buf_ring* free_ = nullptr;
  std::vector<std::uint16_t> used_;
  std::array<Arrival, kMostArrivals> arrivals_;
};

}  // namespace

base::Result<std::unique_ptr<ReceiveRing>> ReceiveRing::make(int poller, std::size_t headroom) {
  auto ring = std::make_unique<Ring>(headroom);
  TOKAMARK_TRY_VOID(ring->open(poller));
  return std::unique_ptr<ReceiveRing>(std::move(ring));
}

}  // namespace tokamark::net
