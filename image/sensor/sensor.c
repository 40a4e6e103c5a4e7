// The user half of the sensor: loads the kernel half, then carries its frames to the supervisor.
//   sensor SOCKET [RING_BYTES]
// It loads and attaches at once and watches nothing until the supervisor writes `WATCH pid\n`, the
// host's pid of a process in the room (-1: the sensor itself, a trial that sees nothing): so it can
// be ready before the room is. READY answers. Any
// other word, or the end of the connection, ends it: it sends what is left, and the last counts.
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include "supervisor.h"

#define LOOK_MS 10
#define HEARTBEAT_MS 500
#define MOUNTS_BYTES (256 * 1024)

extern const char program_start[], program_end[];
__asm__(".section .rodata\n.balign 8\n"
        "program_start:\n.incbin \"sensor.bpf.o\"\nprogram_end:\n.previous");

static char said[1024];

static void fail(const char *what, int error) {
  char text[1400];
  const char *why = strerror(error < 0 ? -error : error);
  int length = snprintf(text, sizeof(text), "%s: %s%s%s", what, why, *said ? "; " : "", said);
  say(FAILED, (struct head){0}, text, length);
  flush();
  exit(1);
}

// The library's last words say more than its error number.
static int listen_to(enum libbpf_print_level level, const char *format, va_list values) {
  if (level == LIBBPF_WARN && !*said) vsnprintf(said, sizeof(said), format, values);
  for (char *at = said; *at; at++)
    if (*at == '\n') *at = ' ';
  return 0;
}

static int on_frame(void *context, void *frame, size_t size) {
  (void)context;
  put(frame, size);
  return 0;
}

static void count(const struct state *state, int last) {
  struct head head = {.at = now(CLOCK_BOOTTIME), .a = last};
  say(COUNTS, head, state, sizeof(*state));
  flush();
}

// Leaves out what this kernel has no hook for, and says so.
static void fit(struct bpf_object *object) {
  struct bpf_program *program;
  bpf_object__for_each_program(program, object) {
    const char *section = bpf_program__section_name(program);
    const char *name = strchr(section, '/') + 1;
    enum bpf_attach_type type = bpf_program__expected_attach_type(program);
    if (libbpf_find_vmlinux_btf_id(name, type) > 0) continue;
    bpf_program__set_autoload(program, false);
    say(MISSING, (struct head){0}, name, strlen(name));
  }
}

static int open_and_load(struct bpf_object **object, const char *ring_bytes, int fitted) {
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "sensor");
  *object = bpf_object__open_mem(program_start, program_end - program_start, &options);
  if (!*object) fail("the program cannot be read", errno);
  if (ring_bytes)
    bpf_map__set_max_entries(bpf_object__find_map_by_name(*object, "ring"), atoi(ring_bytes));
  if (fitted) fit(*object);
  said[0] = 0;
  return bpf_object__load(*object);
}

static struct state *load(struct bpf_object **object, const char *ring_bytes) {
  // Most kernels have all hooks, and to look for each takes as long as to load.
  if (open_and_load(object, ring_bytes, 0)) {
    bpf_object__close(*object);
    int error = open_and_load(object, ring_bytes, 1);
    if (error) fail("the kernel refused the program", error);
  }
  struct bpf_program *program;
  bpf_object__for_each_program(program, *object) {
    if (!bpf_program__autoload(program)) continue;
    if (!bpf_program__attach(program)) fail(bpf_program__section_name(program), errno);
  }
  size_t size;
  return bpf_map__initial_value(bpf_object__find_map_by_name(*object, ".data.state"), &size);
}

// The pid of the command, once it has come; 0 where the supervisor wants nothing any more.
static int asked(void) {
  char line[64];
  size_t length = 0;
  while (length < sizeof(line) - 1) {
    ssize_t got = read(orders, line + length, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return 0;
    if (line[length++] == '\n') break;
  }
  line[length] = 0;
  int pid = 0;
  return sscanf(line, "WATCH %d", &pid) == 1 ? pid : 0;
}

static void watch(struct state *state, int pid) {
  char path[64];
  struct stat stats;
  char who[16] = "self";
  if (pid > 0) snprintf(who, sizeof(who), "%d", pid);
  snprintf(path, sizeof(path), "/proc/%s/ns/pid", who);
  if (stat(path, &stats)) fail(path, errno);
  snprintf(path, sizeof(path), "/proc/%s/mountinfo", who);
  FILE *file = fopen(path, "r");
  char *mounts = malloc(MOUNTS_BYTES);
  if (!file || !mounts) fail(path, errno);
  size_t size = fread(mounts, 1, MOUNTS_BYTES, file);
  fclose(file);
  state->room = stats.st_ino;
  struct head head = {.flags = size == MOUNTS_BYTES ? CUT : 0, .c = sysconf(_SC_PAGESIZE)};
  head.a = now(CLOCK_REALTIME);
  head.b = now(CLOCK_BOOTTIME);
  say(READY, head, mounts, size);
  free(mounts);
  flush();
}

int main(int argc, char **argv) {
  if (argc < 2 || (out = reach(argv[1])) < 0) return 2;
  libbpf_set_print(listen_to);
  struct bpf_object *object;
  struct state *state = load(&object, argv[2]);
  if (!state) fail("the program has no state", EINVAL);
  int pid = asked();
  if (!pid) return 0;
  watch(state, pid);
  int map = bpf_object__find_map_fd_by_name(object, "ring");
  struct ring_buffer *ring = ring_buffer__new(map, on_frame, NULL, NULL);
  if (!ring) fail("the ring of frames cannot be read", errno);
  struct pollfd files[] = {
    {.fd = orders, .events = POLLIN},
    {.fd = ring_buffer__epoll_fd(ring), .events = POLLIN},
  };
  for (u64 beat = 0;;) {
    if (poll(files, 2, LOOK_MS) < 0 && errno != EINTR) return 1;
    ring_buffer__consume(ring);
    flush();
    if (files[0].revents) break;
    if (now(CLOCK_MONOTONIC) < beat) continue;
    count(state, 0);
    beat = now(CLOCK_MONOTONIC) + HEARTBEAT_MS * 1000000ull;
  }
  state->room = 0;
  usleep(LOOK_MS * 1000);  // a frame may still be on its way into the ring
  ring_buffer__consume(ring);
  count(state, 1);
  return 0;
}
