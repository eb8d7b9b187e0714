/*
 * Client-side faults for the fault suite: a library loaded into tokamark with LD_PRELOAD, which
 * makes its load threads slow or its clock jump. The product has no hook for this.
 *
 *   TOKAMARK_SLOW_SEND_US        every send of a load thread takes so many microseconds more
 *   TOKAMARK_SLOW_READ_US        a load thread looks at what arrived so many microseconds late
 *   TOKAMARK_NO_KERNEL_STAMPS=1  the kernel refuses receive stamps
 *   TOKAMARK_NO_IO_URING=1       the kernel forbids io_uring
 *   TOKAMARK_CLOCK_STEP_MS       the wall clock jumps by so many milliseconds ...
 *   TOKAMARK_CLOCK_STEP_AFTER_S  ... so many seconds after the start of the process
 *
 * A load thread is one that has called recvmsg or looked for completions of io_uring: no server of
 * ours, and nothing that only asks over libcurl, does. Other processes that inherit the environment
 * (the simulated engine and its guardian are the same program) are told from the measuring one by
 * their first argument.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long send_us, read_us, no_stamps, no_ring, step_ms, step_after_s;
static long started_s;
static __thread int is_load_thread;

static ssize_t (*real_send)(int, const void*, size_t, int);
static ssize_t (*real_recvmsg)(int, struct msghdr*, int);
static int (*real_epoll_wait)(int, struct epoll_event*, int, int);
static int (*real_setsockopt)(int, int, int, const void*, socklen_t);
static unsigned (*real_peek_batch)(void*, void**, unsigned);
static int (*real_queue_init)(unsigned, void*, void*);
static int (*real_clock_gettime)(clockid_t, struct timespec*);

static long number_of(const char* name) {
  const char* text = getenv(name);
  return text == NULL ? 0 : strtol(text, NULL, 10);
}

/* Whether this process measures: its first argument is run, bench or calibrate. */
static int measures(void) {
  char text[4096];
  const int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  const ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return 0;
  text[size] = 0;
  const char* command = text + strlen(text) + 1;
  if (command >= text + size) return 0;
  return strcmp(command, "run") == 0 || strcmp(command, "bench") == 0 ||
         strcmp(command, "calibrate") == 0;
}

static void nap_us(long us) {
  struct timespec left = {us / 1000000, us % 1000000 * 1000};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

__attribute__((constructor)) static void load(void) {
  real_send = (ssize_t(*)(int, const void*, size_t, int))dlsym(RTLD_NEXT, "send");
  real_recvmsg = (ssize_t(*)(int, struct msghdr*, int))dlsym(RTLD_NEXT, "recvmsg");
  real_epoll_wait = (int (*)(int, struct epoll_event*, int, int))dlsym(RTLD_NEXT, "epoll_wait");
  real_setsockopt = (int (*)(int, int, int, const void*, socklen_t))dlsym(RTLD_NEXT, "setsockopt");
  real_clock_gettime = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  real_queue_init = (int (*)(unsigned, void*, void*))dlsym(RTLD_NEXT, "io_uring_queue_init_params");
  real_peek_batch =
      (unsigned (*)(void*, void**, unsigned))dlsym(RTLD_NEXT, "io_uring_peek_batch_cqe");
  no_ring = number_of("TOKAMARK_NO_IO_URING");
  struct timespec now;
  real_clock_gettime(CLOCK_MONOTONIC, &now);
  started_s = now.tv_sec;
  if (!measures()) return;
  send_us = number_of("TOKAMARK_SLOW_SEND_US");
  read_us = number_of("TOKAMARK_SLOW_READ_US");
  no_stamps = number_of("TOKAMARK_NO_KERNEL_STAMPS");
  step_ms = number_of("TOKAMARK_CLOCK_STEP_MS");
  step_after_s = number_of("TOKAMARK_CLOCK_STEP_AFTER_S");
}

ssize_t send(int socket, const void* bytes, size_t size, int flags) {
  if (is_load_thread && send_us > 0) nap_us(send_us);
  return real_send(socket, bytes, size, flags);
}

ssize_t recvmsg(int socket, struct msghdr* message, int flags) {
  is_load_thread = 1;
  return real_recvmsg(socket, message, flags);
}

int epoll_wait(int epoll, struct epoll_event* events, int most, int timeout) {
  const int count = real_epoll_wait(epoll, events, most, timeout);
  if (!is_load_thread || read_us == 0) return count;
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == NULL) continue; /* the timer of the next send */
    nap_us(read_us);
    break;
  }
  return count;
}

unsigned io_uring_peek_batch_cqe(void* ring, void** completions, unsigned most) {
  is_load_thread = 1;
  const unsigned count = real_peek_batch(ring, completions, most);
  if (read_us > 0 && count > 0) nap_us(read_us);
  return count;
}

int setsockopt(int socket, int level, int name, const void* value, socklen_t size) {
  if (no_stamps && level == SOL_SOCKET && name == SO_TIMESTAMPING) {
    errno = ENOPROTOOPT;
    return -1;
  }
  return real_setsockopt(socket, level, name, value, size);
}

int io_uring_queue_init_params(unsigned entries, void* ring, void* params) {
  return no_ring ? -EPERM : real_queue_init(entries, ring, params);
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  const int result = real_clock_gettime(clock, time);
  if (step_ms == 0 || result != 0 || clock != CLOCK_REALTIME) return result;
  struct timespec now;
  real_clock_gettime(CLOCK_MONOTONIC, &now);
  if (now.tv_sec - started_s < step_after_s) return result;
  time->tv_sec += step_ms / 1000;
  time->tv_nsec += step_ms % 1000 * 1000000;
  if (time->tv_nsec >= 1000000000) {
    time->tv_sec += 1;
    time->tv_nsec -= 1000000000;
  }
  return result;
}
