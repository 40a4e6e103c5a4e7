// The kernel half of the sensor: reports what the processes of one room do. A process is the room's
// if one of its pid namespaces is, so a nested namespace hides nothing. It needs tracepoints alone:
// kernels without kprobes and trampolines exist. System calls are read when they return, so a
// result is always known and an opened file is the kernel's own, not the name that was asked for.
// Types are declared only as far as they are read; their real offsets come from the running
// kernel's BTF.
#include <asm/unistd.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
#include "frame.h"

#define SHAPE __attribute__((preserve_access_index))

#define DATA_BYTES 4096
#define ARGS_PIECES 16
#define NAME_BYTES 256
#define ASKED_BYTES 3072
#define PATH_DEPTH 2048
#define ENV_ENTRIES 1024
#define PID_LEVELS 8

// From the kernel's headers.
#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_CLOSE 7
#define EPERM 1
#define EACCES 13
#define EALREADY 114
#define EISCONN 106
#define O_ACCMODE 03
#define O_TRUNC 01000
#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_CREATED (1 << 20)
#define S_IFMT 0170000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define SOCK_DONE (1 << 1)
#define AT_FDCWD -100
#define SIGNAL_GROUP_EXIT 4
#define TS_COMPAT 2
#define X32_BIT 0x40000000

struct ns_common { unsigned int inum; } SHAPE;
struct pid_namespace { struct ns_common ns; } SHAPE;
struct upid { int nr; struct pid_namespace *ns; } SHAPE;
struct pid { u32 level; struct upid numbers[1]; } SHAPE;
typedef struct { int counter; } atomic_t;
struct signal_struct {
  atomic_t live;
  unsigned int flags;
  int group_exit_code;
  unsigned long maxrss;
  unsigned long long sum_sched_runtime;
} SHAPE;
struct sched_entity { u64 sum_exec_runtime; } SHAPE;
typedef struct { unsigned int val; } kuid_t;
struct cred { kuid_t uid; } SHAPE;
struct percpu_counter { s64 count; } SHAPE;
struct mm_struct {
  unsigned long arg_start, arg_end, env_start, env_end, hiwater_rss;
  struct percpu_counter rss_stat[4];
} SHAPE;
struct qstr { const unsigned char *name; } SHAPE;
struct super_block { u32 s_dev; } SHAPE;
struct inode { unsigned short i_mode; } SHAPE;
struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
  struct super_block *d_sb;
} SHAPE;
struct path { struct dentry *dentry; } SHAPE;
struct file {
  struct path f_path;
  struct inode *f_inode;
  unsigned int f_mode;
  void *private_data;
} SHAPE;
struct fdtable { unsigned int max_fds; struct file **fd; } SHAPE;
struct files_struct { struct fdtable *fdt; } SHAPE;
struct fs_struct { struct path pwd; } SHAPE;
struct thread_info { u32 status; } SHAPE;
struct task_struct {
  struct thread_info thread_info;
  int pid, tgid;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  u64 start_boottime;
  struct signal_struct *signal;
  struct sched_entity se;
  const struct cred *real_cred;
  struct mm_struct *mm;
  struct fs_struct *fs;
  struct files_struct *files;
  int exit_code;
} SHAPE;
struct linux_binprm { const char *filename; struct file *file; } SHAPE;
struct in6_addr { u8 bytes[16]; };
struct sock_common {
  unsigned short skc_family;
  unsigned long skc_flags;
  u16 skc_num, skc_dport;
  u32 skc_rcv_saddr, skc_daddr;
  struct in6_addr skc_v6_rcv_saddr, skc_v6_daddr;
  volatile unsigned char skc_state;
} SHAPE;
struct sock {
  struct sock_common __sk_common;
  u16 sk_type, sk_protocol;
  int sk_err;
} SHAPE;
struct tcp_sock { u64 bytes_received, bytes_sent, bytes_retrans; } SHAPE;
struct socket { short type; struct sock *sk; } SHAPE;
#if defined(__TARGET_ARCH_x86)
struct pt_regs { unsigned long orig_ax, di, si, dx, r10, r8, r9; } SHAPE;
#define CALL_OF(regs) (regs)->orig_ax
#define ARGUMENTS(regs) {(regs)->di, (regs)->si, (regs)->dx, (regs)->r10, (regs)->r8, (regs)->r9}
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs { u64 regs[31]; u64 orig_x0; s32 syscallno; } SHAPE;
#define CALL_OF(regs) (regs)->syscallno
#define AT(regs, n) (regs)->regs[n]
#define ARGUMENTS(regs) \
  {(regs)->orig_x0, AT(regs, 1), AT(regs, 2), AT(regs, 3), AT(regs, 4), AT(regs, 5)}
#endif

// As user space lays it out.
struct message { u64 name; u32 size; };

char LICENSE[] SEC("license") = "GPL";

struct frame {
  struct head head;
  u8 data[DATA_BYTES + NAME_BYTES];
};

// A frame is put together here. A BPF program may be preempted by another on the same CPU, so each
// takes a place of its own; frames larger than the stack leave no other way.
struct slot {
  u32 busy, pad;
  struct frame frame;
};
#define SLOTS 256
#define TRIES 8

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, SLOTS);
  __type(key, u32);
  __type(value, struct slot);
} slots SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 32 << 20);
} ring SEC(".maps");

// TCP sockets that a process of the room connected or accepted, and its identity: their later
// states come from interrupts, with any process as the current one.
struct owner { u32 pid, room_pid; u64 start; };
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 65536);
  __type(key, u64);
  __type(value, struct owner);
} tracked SEC(".maps");

struct state state SEC(".data.state");

#define WAKE_BYTES (256 << 10)

static __always_inline struct count *count_of(u32 kind) {
  asm volatile("" : "+r"(kind));
  return &state.counts[kind & (KINDS - 1)];  // masked for the verifier
}

static __always_inline struct slot *take(u16 kind) {
  u32 first = bpf_get_smp_processor_id() * TRIES;
  for (u32 i = 0; i < TRIES; i++) {
    u32 at = (first + i) % SLOTS;
    struct slot *slot = bpf_map_lookup_elem(&slots, &at);
    if (slot && __sync_val_compare_and_swap(&slot->busy, 0, 1) == 0) return slot;
  }
  __sync_fetch_and_add(&count_of(kind)->sent, 1);
  __sync_fetch_and_add(&count_of(kind)->lost, 1);
  return 0;
}

static __always_inline void give(struct slot *slot) { slot->busy = 0; }

// The kernel verifies a function that is not static once, and a static one anew on each way that leads
// to it, which was most of what loading took. Such a function is given pointers into the kernel as
// numbers: it may be told no more of its arguments than a type of memory.

// Sends the frame with `size` bytes of data. The reader looks every few ms by itself: waking it for
// each frame would cost more than the frame.
__noinline int emit(struct frame *f, u16 kind, u32 size) {
  if (!f) return 0;
  if (size > DATA_BYTES) size = DATA_BYTES;
  f->head.kind = kind;
  f->head.size = size;
  u64 full = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > WAKE_BYTES;
  u64 flags = full ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
  __sync_fetch_and_add(&count_of(kind)->sent, 1);
  if (bpf_ringbuf_output(&ring, f, sizeof(struct head) + size, flags))
    __sync_fetch_and_add(&count_of(kind)->lost, 1);
  return 0;
}

// The pid of a task, given as a number, as the room sees it; 0 where it is not of the room.
__noinline u32 room_pid(u64 of) {
  struct task_struct *task = (void *)of;
  u32 room = state.room;
  struct pid *pid = BPF_CORE_READ(task, thread_pid);
  if (!room || !pid) return 0;
  u32 level = BPF_CORE_READ(pid, level);
  void *numbers = __builtin_preserve_access_index(&pid->numbers[0]);
  for (u32 i = 1; i < PID_LEVELS; i++) {
    if (i > level) break;
    struct upid *upid = numbers + i * bpf_core_type_size(struct upid);
    if (BPF_CORE_READ(upid, ns, ns.inum) == room) return BPF_CORE_READ(upid, nr);
  }
  return 0;
}

// `inside` is the task's pid in the room, which is its process's where that has one thread.
static __always_inline void fill(struct frame *f, struct task_struct *task, u32 inside) {
  struct task_struct *leader = BPF_CORE_READ(task, group_leader);
  f->head.flags = 0;
  f->head.at = bpf_ktime_get_boot_ns();
  f->head.pid = BPF_CORE_READ(task, tgid);
  f->head.room_pid = leader == task ? inside : room_pid((u64)leader);
  f->head.start = BPF_CORE_READ(leader, start_boottime);
  f->head.a = f->head.b = f->head.c = f->head.d = 0;
}

// A frame for what a task did; null where it is not of the room, or where there is no place left.
static __always_inline struct slot *begin(u16 kind, u64 task) {
  u32 inside = room_pid(task);
  if (!inside) return 0;
  struct slot *slot = take(kind);
  if (slot) fill(&slot->frame, (void *)task, inside);
  return slot;
}

struct walk {
  struct dentry *dentry;
  struct frame *frame;
  u32 at, whole;
};

static long step(u32 index, void *context) {
  struct walk *walk = context;
  struct dentry *dentry = walk->dentry;
  struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
  u32 at = walk->at;
  if (dentry == parent && index > 0) {
    walk->whole = 1;
    return 1;
  }
  if (at >= DATA_BYTES - NAME_BYTES) return 1;
  long length = bpf_probe_read_kernel_str(&walk->frame->data[at], NAME_BYTES,
                                          BPF_CORE_READ(dentry, d_name.name));
  if (length <= 0) return 1;
  walk->at = at + length;
  walk->dentry = parent;
  if (dentry != parent) return 0;
  walk->whole = 1;
  return 1;
}

// Adds the names from `leaf`, a dentry, up to its file system's root, from `at` on, and sends the
// frame. A thing that has no folder gives its own name. What is deeper than the buffer is cut.
__noinline int emit_path(struct frame *f, u16 kind, u64 leaf, u32 at) {
  if (!f) return 0;
  struct dentry *dentry = (void *)leaf;
  struct walk walk = {.dentry = dentry, .frame = f, .at = at, .whole = 0};
  f->head.d = BPF_CORE_READ(dentry, d_sb, s_dev);
  bpf_loop(PATH_DEPTH, step, &walk, 0);
  if (!walk.whole) f->head.flags |= CUT;
  emit(f, kind, walk.at);
  return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child) {
  if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid)) return 0;  // a thread
  // It leads a group of its own, and so is a number here.
  struct slot *slot = begin(FORK, (u64)BPF_CORE_READ(child, group_leader));
  if (!slot) return 0;
  struct frame *f = &slot->frame;
  f->head.a = BPF_CORE_READ(parent, tgid);
  f->head.b = BPF_CORE_READ(parent, group_leader, start_boottime);
  f->head.c = BPF_CORE_READ(child, real_cred, uid.val);
  f->head.d = room_pid(bpf_get_current_task());
  emit(f, FORK, 0);
  give(slot);
  return 0;
}

struct search {
  struct frame *frame;
  u64 from, end;
  u32 inside, found;
};

// Looks at one entry of the environment, or at the next piece of a very long one.
static long look(u32 index, void *context) {
  struct search *search = context;
  if (search->from >= search->end) return 1;
  u8 *data = search->frame->data;
  long length = bpf_probe_read_user_str(data, DATA_BYTES, (void *)search->from);
  if (length <= 0) return 1;
  if (!search->inside && length > 12 && __builtin_memcmp(data, "MAS_CALL_ID=", 12) == 0) {
    search->found = 1;
    return 1;
  }
  search->inside = length == DATA_BYTES;
  search->from += search->inside ? length - 1 : length;
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm) {
  struct slot *slot = begin(EXEC, bpf_get_current_task());
  if (!slot) return 0;
  struct frame *f = &slot->frame;
  struct mm_struct *mm = BPF_CORE_READ(task, mm);
  u64 from = BPF_CORE_READ(mm, arg_start);
  u64 size = BPF_CORE_READ(mm, arg_end) - from;

  struct search search = {.frame = f, .from = BPF_CORE_READ(mm, env_start)};
  search.end = BPF_CORE_READ(mm, env_end);
  bpf_loop(ENV_ENTRIES, look, &search, 0);
  // The call id is moved to the front, the file's name follows at a fixed place.
  if (search.found) bpf_probe_read_kernel(f->data, CALL_BYTES, f->data + 12);
  else f->data[0] = 0;
  f->data[CALL_BYTES - 1] = 0;
  long name = bpf_probe_read_kernel_str(f->data + CALL_BYTES, 1024, BPF_CORE_READ(bprm, filename));
  if (name < 0) name = 0;
  f->head.a = size;
  f->head.b = BPF_CORE_READ(task, real_cred, uid.val);
  f->head.c = search.found;
  f->head.d = BPF_CORE_READ(task, signal, maxrss);
  emit(f, EXEC, CALL_BYTES + (name & 2047));

  for (u32 i = 0; i < ARGS_PIECES; i++) {
    u32 at = i * DATA_BYTES;
    if (at >= size) break;
    u32 left = size - at < DATA_BYTES ? size - at : DATA_BYTES;
    f->head.a = at;
    if (left < DATA_BYTES) left &= DATA_BYTES - 1;
    else left = DATA_BYTES;
    f->head.flags = bpf_probe_read_user(f->data, left, (void *)(from + at)) ? CUT : 0;
    emit(f, ARGS, f->head.flags ? 0 : left);
  }
  f->head.a = f->head.c = 0;
  f->head.flags = 0;
  emit_path(f, EXE, (u64)BPF_CORE_READ(bprm, file, f_path.dentry), 0);
  f->head.flags = 0;
  emit_path(f, CWD, (u64)BPF_CORE_READ(task, fs, pwd.dentry), 0);
  give(slot);
  return 0;
}

// Pages of a program's own memory at its most, about: what each CPU has yet to add is left out.
static __always_inline u64 own_pages(struct mm_struct *mm) {
  if (!mm || !bpf_core_field_exists(mm->rss_stat[0].count)) return 0;
  s64 now = 0;
  // File, anonymous and shared pages; the third of the four counts swap.
  now += BPF_CORE_READ(mm, rss_stat[0].count);
  now += BPF_CORE_READ(mm, rss_stat[1].count);
  now += BPF_CORE_READ(mm, rss_stat[3].count);
  u64 peak = BPF_CORE_READ(mm, hiwater_rss);
  return now > 0 && (u64)now > peak ? (u64)now : peak;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task) {
  struct signal_struct *signal = BPF_CORE_READ(task, signal);
  if (BPF_CORE_READ(signal, live.counter) != 0) return 0;  // other threads go on
  struct slot *slot = begin(EXIT, bpf_get_current_task());
  if (!slot) return 0;
  struct frame *f = &slot->frame;
  struct task_struct *leader = BPF_CORE_READ(task, group_leader);
  int together = BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT;
  u64 cpu = BPF_CORE_READ(signal, sum_sched_runtime) + BPF_CORE_READ(task, se.sum_exec_runtime);
  if (leader != task) cpu += BPF_CORE_READ(leader, se.sum_exec_runtime);
  f->head.a = together ? BPF_CORE_READ(signal, group_exit_code) : BPF_CORE_READ(leader, exit_code);
  f->head.b = cpu;
  f->head.c = BPF_CORE_READ(signal, maxrss);
  f->head.d = own_pages(BPF_CORE_READ(task, mm));
  emit(f, EXIT, 0);
  give(slot);
  return 0;
}

// ---- sockets

// The file behind a descriptor of the current task, as a number.
__noinline u64 file_at(u64 fd) {
  struct task_struct *task = bpf_get_current_task_btf();
  struct fdtable *table = task->files->fdt;
  if ((u32)fd >= table->max_fds) return 0;
  u64 file = 0;
  bpf_probe_read_kernel(&file, sizeof(file), table->fd + (u32)fd);
  return file;
}

// The same of a socket's sock; 0 where no socket is behind it.
__noinline u64 sock_at(u64 fd) {
  struct file *file = (void *)file_at(fd);
  if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK) return 0;
  struct socket *socket = BPF_CORE_READ(file, private_data);
  return (u64)BPF_CORE_READ(socket, sk);
}

// Both ends of a socket as the kernel holds them.
static __always_inline void ends(struct address *address, struct sock *sk) {
  u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
  u16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);
  __builtin_memset(address, 0, sizeof(*address));
  address->family = family;
  address->type = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_type);
  address->protocol = BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol);
  address->port = BPF_CORE_READ(sk, __sk_common.skc_num);
  // The remote end as a sockaddr_in or a sockaddr_in6.
  __builtin_memcpy(address->remote, &family, 2);
  if (family == AF_INET) {
    u32 here = BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr);
    u32 there = BPF_CORE_READ(sk, __sk_common.skc_daddr);
    __builtin_memcpy(address->local, &here, sizeof(here));
    __builtin_memcpy(address->remote + 2, &port, 2);
    __builtin_memcpy(address->remote + 4, &there, sizeof(there));
  } else if (family == AF_INET6) {
    struct in6_addr here = BPF_CORE_READ(sk, __sk_common.skc_v6_rcv_saddr);
    struct in6_addr there = BPF_CORE_READ(sk, __sk_common.skc_v6_daddr);
    __builtin_memcpy(address->local, &here, sizeof(here));
    __builtin_memcpy(address->remote + 2, &port, 2);
    __builtin_memcpy(address->remote + 8, &there, sizeof(there));
  }
}

#define LOCAL_BYTES (sizeof(struct address) - sizeof(((struct address *)0)->remote))
#define INTERNET_BYTES 28

// A frame of a socket, a sock of the kernel's. `name` is where the address lies that the program named,
// in `size` bytes.
#define UNNAMED (~0u)
__noinline int at_socket(u16 kind, u64 socket, s64 result, u64 name, u32 size) {
  struct sock *sk = (void *)socket;
  if (!sk) return 0;
  struct slot *slot = begin(kind, bpf_get_current_task());
  if (!slot) return 0;
  struct frame *f = &slot->frame;
  struct address *address = (void *)f->data;
  ends(address, sk);
  f->head.a = socket;
  f->head.b = result;
  f->head.c = BPF_CORE_READ(sk, __sk_common.skc_state);
  u32 length = INTERNET_BYTES;
  if (size != UNNAMED) {
    length = size;
    if (length > sizeof(address->remote)) length = sizeof(address->remote);
    asm volatile("" : "+r"(length));
    length &= 2 * sizeof(address->remote) - 1;  // for the verifier, which forgot
    if (bpf_probe_read_user(address->remote, length, (void *)name)) length = 0;
  }
  emit(f, kind, LOCAL_BYTES + length);
  give(slot);
  return 0;
}

static __always_inline void at_connect(u64 *arguments, s64 result) {
  // Asking again how a connection that is on its way does is no new one.
  if (result == -EALREADY || result == -EISCONN) return;
  at_socket(CONNECT, sock_at(arguments[0]), result, arguments[1], arguments[2]);
}

static __always_inline void at_send(u64 fd, struct message *to, s64 result) {
  if (to->name && to->size) at_socket(SEND, sock_at(fd), result, to->name, to->size);
}

static __always_inline void at_message(u64 fd, u64 at, s64 result) {
  struct message to = {};
  if (bpf_probe_read_user(&to, sizeof(to), (void *)at) == 0) at_send(fd, &to, result);
}

static __always_inline void own(u64 number) {
  struct sock *sk = (void *)number;
  if (!sk || BPF_CORE_READ_BITFIELD_PROBED(sk, sk_protocol) != IPPROTO_TCP) return;
  struct task_struct *task = (void *)bpf_get_current_task();
  struct task_struct *leader = BPF_CORE_READ(task, group_leader);
  struct owner owner = {.pid = BPF_CORE_READ(task, tgid), .room_pid = room_pid((u64)leader)};
  owner.start = BPF_CORE_READ(leader, start_boottime);
  bpf_map_update_elem(&tracked, &number, &owner, BPF_ANY);
}

static __always_inline void at_accept(s64 fd) {
  if (fd < 0 || !room_pid(bpf_get_current_task())) return;
  u64 sk = sock_at(fd);
  own(sk);
  at_socket(ACCEPT, sk, 0, 0, UNNAMED);
}

// A raw socket, say, which only a privileged process may have.
static __always_inline void at_refusal(u64 *arguments, s64 result) {
  if (result != -EPERM && result != -EACCES) return;
  struct slot *slot = begin(SOCKET, bpf_get_current_task());
  if (!slot) return;
  struct address *address = (void *)slot->frame.data;
  __builtin_memset(address, 0, sizeof(*address));
  address->family = arguments[0];
  address->type = arguments[1];
  address->protocol = arguments[2];
  slot->frame.head.b = result;
  emit(&slot->frame, SOCKET, LOCAL_BYTES);
  give(slot);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(on_state, struct sock *sk, int before, int after) {
  if (!state.room) return 0;
  if (after == TCP_SYN_SENT) {
    // Still in the connecting thread, whichever way it asked.
    if (room_pid(bpf_get_current_task())) own((u64)sk);
    return 0;
  }
  if (after != TCP_CLOSE && after != TCP_ESTABLISHED) return 0;
  u64 key = (u64)sk;
  struct owner *owner = bpf_map_lookup_elem(&tracked, &key);
  if (!owner) return 0;
  struct slot *slot = take(STATE);
  if (!slot) return 0;
  struct frame *f = &slot->frame;
  struct tcp_sock *tcp = (void *)sk;
  struct traffic *traffic = (void *)(f->data + sizeof(struct address));
  f->head.flags = 0;
  f->head.at = bpf_ktime_get_boot_ns();
  f->head.pid = owner->pid;
  f->head.room_pid = owner->room_pid;
  f->head.start = owner->start;
  f->head.a = key;
  f->head.b = BPF_CORE_READ(sk, sk_err);
  f->head.c = after;
  f->head.d = 0;
  ends((void *)f->data, sk);
  traffic->sent = BPF_CORE_READ(tcp, bytes_sent) - BPF_CORE_READ(tcp, bytes_retrans);
  traffic->received = BPF_CORE_READ(tcp, bytes_received);
  // The other side's end of stream counts as a byte.
  u64 ended = BPF_CORE_READ(sk, __sk_common.skc_flags) & SOCK_DONE;
  if (ended && traffic->received) traffic->received -= 1;
  emit(f, STATE, sizeof(struct address) + sizeof(struct traffic));
  give(slot);
  if (after == TCP_CLOSE) bpf_map_delete_elem(&tracked, &key);
  return 0;
}

// ---- files

#define SHORT_BYTES 20
#define IS(name, text) (__builtin_memcmp(name, text, sizeof(text)) == 0)
#define BEGINS(name, text) (__builtin_memcmp(name, text, sizeof(text) - 1) == 0)

// Whether credentials are kept under such a name: the reader of these frames knows the whole path,
// and chooses. What is read by the thousand (/usr, node_modules, .git) is told apart by two names.
static __always_inline int is_sensitive(struct dentry *dentry) {
  char name[SHORT_BYTES] = {}, folder[SHORT_BYTES] = {};
  bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(dentry, d_name.name));
  if (IS(name, "environ") || IS(name, "shadow") || IS(name, "gshadow")) return 1;
  if (BEGINS(name, ".env") && (name[4] == 0 || name[4] == '.')) return 1;
  if (IS(name, ".netrc") || IS(name, ".npmrc") || IS(name, ".pypirc")) return 1;
  if (IS(name, ".git-credentials")) return 1;
  bpf_probe_read_kernel_str(folder, sizeof(folder), BPF_CORE_READ(dentry, d_parent, d_name.name));
  if (IS(folder, ".aws") || IS(folder, ".ssh") || IS(folder, ".docker")) return 1;
  return IS(folder, ".kube") || IS(folder, ".gnupg") || IS(folder, "gh") || IS(folder, "secrets");
}

// A file that was opened, by its descriptor.
__noinline int at_open(u64 fd, u64 flags) {
  struct file *file = (void *)file_at(fd);
  if (!file) return 0;
  u32 mode = BPF_CORE_READ(file, f_mode);
  if (!(mode & (FMODE_READ | FMODE_WRITE))) return 0;
  struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
  u16 kind = mode & FMODE_WRITE ? OPEN : READ;
  // Most are only read, and said no more of: what tells that comes first.
  if (kind == READ && !is_sensitive(dentry)) return 0;
  if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG) return 0;
  struct slot *slot = begin(kind, bpf_get_current_task());
  if (!slot) return 0;
  slot->frame.head.a = flags;
  slot->frame.head.b = kind == OPEN && mode & FMODE_CREATED;
  emit_path(&slot->frame, kind, (u64)dentry, 0);
  give(slot);
  return 0;
}

// The thing behind a descriptor.
__noinline int at_file(u16 kind, u64 fd) {
  struct file *file = (void *)file_at(fd);
  if (!file) return 0;
  struct slot *slot = begin(kind, bpf_get_current_task());
  if (!slot) return 0;
  emit_path(&slot->frame, kind, (u64)BPF_CORE_READ(file, f_path.dentry), 0);
  give(slot);
  return 0;
}

// What a program named, relative to a folder.
__noinline int add_name(struct frame *f, u16 kind, s32 folder, u64 name) {
  if (!f) return 0;
  long length = bpf_probe_read_user_str(f->data, ASKED_BYTES, (void *)name);
  f->head.flags = length <= 0 || length == ASKED_BYTES ? CUT : 0;
  if (length < 0) length = 0;
  length &= ASKED_BYTES | (ASKED_BYTES - 1);
  f->head.c = length;
  f->head.d = 0;
  if (f->data[0] == '/') return emit(f, kind, length);
  u64 dentry = 0;
  if (folder == AT_FDCWD) {
    struct task_struct *task = (void *)bpf_get_current_task();
    dentry = (u64)BPF_CORE_READ(task, fs, pwd.dentry);
  } else {
    struct file *file = (void *)file_at(folder);
    if (file) dentry = (u64)BPF_CORE_READ(file, f_path.dentry);
  }
  return emit_path(f, kind, dentry, length);
}

__noinline int at_name(u16 kind, u64 how, s32 folder, u64 name) {
  struct slot *slot = begin(kind, bpf_get_current_task());
  if (!slot) return 0;
  slot->frame.head.a = how;
  add_name(&slot->frame, kind, folder, name);
  give(slot);
  return 0;
}

// A file that was not opened for reading, or that was linked to another name.
__noinline int at_read(s64 result, s32 folder, u64 name) {
  struct slot *slot = begin(READ, bpf_get_current_task());
  if (!slot) return 0;
  slot->frame.head.b = result;
  add_name(&slot->frame, READ, folder, name);
  give(slot);
  return 0;
}

__noinline int at_rename(s32 from, u64 old, s32 into, u64 name) {
  struct slot *slot = begin(FROM, bpf_get_current_task());
  if (!slot) return 0;
  slot->frame.head.a = (u32)bpf_get_current_pid_tgid();
  add_name(&slot->frame, FROM, from, old);
  add_name(&slot->frame, TO, into, name);
  give(slot);
  return 0;
}

// ---- system calls

SEC("tp_btf/io_uring_create")
int on_ring(void *context) {
  if (room_pid(bpf_get_current_task())) __sync_fetch_and_add(&state.rings, 1);
  return 0;
}

static __always_inline int socket_call(u32 call, u64 *arguments, s64 result) {
  switch (call) {
    case __NR_connect: at_connect(arguments, result); return 1;
    case __NR_accept:
    case __NR_accept4: at_accept(result); return 1;
    case __NR_sendto: {
      struct message to = {.name = arguments[4], .size = arguments[5]};
      at_send(arguments[0], &to, result);
      return 1;
    }
    case __NR_sendmsg:
    case __NR_sendmmsg: at_message(arguments[0], arguments[1], result); return 1;
    case __NR_listen:
      if (result == 0) at_socket(LISTEN, sock_at(arguments[0]), 0, 0, UNNAMED);
      return 1;
    case __NR_socket: at_refusal(arguments, result); return 1;
  }
  return 0;
}

// `a` are the arguments of the call, which went well.
static __always_inline void file_call(u32 call, u64 *a, s64 result) {
  switch (call) {
#ifdef __NR_open
    case __NR_open: at_open(result, a[1]); break;
    case __NR_creat: at_open(result, O_TRUNC); break;
#endif
    case __NR_openat: at_open(result, a[2]); break;
    case __NR_openat2: {
      u64 flags = 0;  // first in struct open_how
      bpf_probe_read_user(&flags, sizeof(flags), (void *)a[2]);
      at_open(result, flags);
      break;
    }
    case __NR_fchmod:
    case __NR_fchown:
    case __NR_ftruncate: at_file(ATTRIBUTE, a[0]); break;
    case __NR_fchmodat:
    case __NR_fchmodat2:
    case __NR_fchownat: at_name(ATTRIBUTE, 0, a[0], a[1]); break;
    case __NR_truncate: at_name(ATTRIBUTE, 0, AT_FDCWD, a[0]); break;
    case __NR_mkdirat: at_name(MAKE, FOLDER, a[0], a[1]); break;
    case __NR_mknodat: at_name(MAKE, NODE, a[0], a[1]); break;
    case __NR_symlinkat: at_name(MAKE, SYMLINK, a[1], a[2]); break;
    case __NR_linkat:
      at_read(1, a[0], a[1]);
      at_name(MAKE, LINK, a[2], a[3]);
      break;
    case __NR_unlinkat: at_name(REMOVE, 0, a[0], a[1]); break;
#ifdef __NR_renameat
    case __NR_renameat:
#endif
    case __NR_renameat2: at_rename(a[0], a[1], a[2], a[3]); break;
#ifdef __NR_rename
    case __NR_chmod:
    case __NR_chown:
    case __NR_lchown: at_name(ATTRIBUTE, 0, AT_FDCWD, a[0]); break;
    case __NR_mkdir: at_name(MAKE, FOLDER, AT_FDCWD, a[0]); break;
    case __NR_mknod: at_name(MAKE, NODE, AT_FDCWD, a[0]); break;
    case __NR_symlink: at_name(MAKE, SYMLINK, AT_FDCWD, a[1]); break;
    case __NR_link:
      at_read(1, AT_FDCWD, a[0]);
      at_name(MAKE, LINK, AT_FDCWD, a[1]);
      break;
    case __NR_unlink:
    case __NR_rmdir: at_name(REMOVE, 0, AT_FDCWD, a[0]); break;
    case __NR_rename: at_rename(AT_FDCWD, a[0], AT_FDCWD, a[1]); break;
#endif
  }
}

// An attempt to read that was not permitted.
static __always_inline void denied_call(u32 call, u64 *a, s64 result) {
  switch (call) {
#ifdef __NR_open
    case __NR_open:
      if (!(a[1] & O_ACCMODE)) at_read(result, AT_FDCWD, a[0]);
      break;
#endif
    case __NR_openat:
      if (!(a[2] & O_ACCMODE)) at_read(result, a[0], a[1]);
      break;
  }
}

// Every system call of the machine comes by here, so what is not of interest leaves at once.
SEC("tp_btf/sys_exit")
int BPF_PROG(on_return, struct pt_regs *regs, long result) {
  if (!state.room) return 0;
  struct task_struct *task = bpf_get_current_task_btf();
  if (task->thread_pid->level == 0) return 0;
#if defined(__TARGET_ARCH_x86)
  int foreign = task->thread_info.status & TS_COMPAT;
#else
  int foreign = 0;
#endif
  s32 call = CALL_OF(regs);
  if (foreign || (call > 0 && call & X32_BIT)) {
    if (room_pid(bpf_get_current_task())) __sync_fetch_and_add(&state.foreign, 1);
    return 0;
  }
  u64 arguments[] = ARGUMENTS(regs);
  if (socket_call(call, arguments, result)) return 0;
  if (result >= 0) file_call(call, arguments, result);
  else if (result == -EACCES) denied_call(call, arguments, result);
  return 0;
}
