// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "jail.h"

#define NOBODY	   65534
#define CGROUP	   "/sys/fs/cgroup/program"
#define MEMORY_MAX (192 << 20) /* bytes, BPF maps included where the kernel counts them */
#define PIDS_MAX   "32"

static struct sock_fprog filter;

/* --- the filter --- */

/* What static libbpf programs and the C library use; all else does not exist for them (ENOSYS, so that
 * the C library falls back). No ptrace, no mounts, no namespaces, no keys, no io_uring, no modules.
 */
static const int allowed[] = {
	/* files */
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(lseek),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(close),
	SCMP_SYS(close_range),
	SCMP_SYS(stat),
	SCMP_SYS(fstat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(statfs),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64),
	SCMP_SYS(getcwd),
	SCMP_SYS(chdir),
	SCMP_SYS(mkdir),
	SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir),
	SCMP_SYS(unlink),
	SCMP_SYS(unlinkat),
	SCMP_SYS(rename),
	SCMP_SYS(renameat),
	SCMP_SYS(renameat2),
	SCMP_SYS(umask),
	SCMP_SYS(fchmod),
	SCMP_SYS(chmod),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(flock),
	SCMP_SYS(fcntl),
	SCMP_SYS(dup),
	SCMP_SYS(dup2),
	SCMP_SYS(dup3),
	SCMP_SYS(pipe),
	SCMP_SYS(pipe2),
	SCMP_SYS(memfd_create),
	/* waiting */
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(select),
	SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create),
	SCMP_SYS(epoll_create1),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(eventfd2),
	SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(inotify_init1),
	SCMP_SYS(inotify_add_watch),
	SCMP_SYS(inotify_rm_watch),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(times),
	SCMP_SYS(getrusage),
	SCMP_SYS(alarm),
	SCMP_SYS(setitimer),
	SCMP_SYS(getitimer),
	SCMP_SYS(timer_create),
	SCMP_SYS(timer_settime),
	SCMP_SYS(timer_delete),
	SCMP_SYS(pause),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(sched_setaffinity),
	SCMP_SYS(futex),
	/* memory */
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	/* signals */
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigtimedwait),
	SCMP_SYS(rt_sigsuspend),
	SCMP_SYS(rt_sigpending),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(signalfd4),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(kill),
	SCMP_SYS(tkill),
	SCMP_SYS(tgkill),
	/* processes */
	SCMP_SYS(execve),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(wait4),
	SCMP_SYS(waitid),
	SCMP_SYS(getpid),
	SCMP_SYS(getppid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(getresuid),
	SCMP_SYS(getresgid),
	SCMP_SYS(getgroups),
	SCMP_SYS(getpgid),
	SCMP_SYS(getpgrp),
	SCMP_SYS(setpgid),
	SCMP_SYS(getsid),
	SCMP_SYS(setsid),
	SCMP_SYS(getpriority),
	SCMP_SYS(setpriority),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getcpu),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrlimit),
	SCMP_SYS(setrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(capget),
	SCMP_SYS(capset),
	SCMP_SYS(prctl),
	SCMP_SYS(arch_prctl),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(get_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(membarrier),
	SCMP_SYS(pidfd_open),
	SCMP_SYS(pidfd_send_signal),
	/* BPF's own */
	SCMP_SYS(setsockopt),
	SCMP_SYS(getsockopt),
	SCMP_SYS(bind),
	SCMP_SYS(connect),
	SCMP_SYS(listen),
	SCMP_SYS(accept),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(sendto),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvmmsg),
	SCMP_SYS(getsockname),
	SCMP_SYS(getpeername),
	SCMP_SYS(socketpair),
};

/* Sockets to the kernel and to other programs; AF_VSOCK and AF_ALG would be ways out. */
static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK, AF_PACKET };

static const unsigned requests[] = {
	TCGETS,
	TIOCGWINSZ,
	FIONREAD,
	FIONBIO,
	SIOCGIFINDEX,
	SIOCGIFNAME,
	SIOCGIFFLAGS,
	SIOCGIFADDR,
	SIOCGIFHWADDR,
	SIOCGIFMTU,
	PERF_EVENT_IOC_ENABLE,
	PERF_EVENT_IOC_DISABLE,
	PERF_EVENT_IOC_RESET,
	PERF_EVENT_IOC_ID,
};

/* After a load, these are what can set a program to work. A map of programs needs none of them, but only hands
 * on from one program to another of its type, at the same place.
 */
static const unsigned starters[] = {
	BPF_PROG_ATTACH, BPF_PROG_TEST_RUN, BPF_RAW_TRACEPOINT_OPEN,
	BPF_LINK_CREATE, BPF_LINK_UPDATE,
};

static bool is_watched(unsigned command)
{
	for (size_t i = 0; i < ARRAY_SIZE(starters); i++)
		if (command == starters[i])
			return true;
	return command == BPF_PROG_LOAD;
}

/* The kernel takes 32 bits of the argument as its command, whatever is in the others. */
static int add_command(scmp_filter_ctx ctx, uint32_t action, int call, unsigned arg,
		       unsigned command)
{
	return seccomp_rule_add(ctx, action, call, 1,
				SCMP_CMP(arg, SCMP_CMP_MASKED_EQ, UINT32_MAX, command));
}

/* Since 6.6, see held.c. */
static bool are_links_named(void)
{
	unsigned major = 0, minor = 0;
	struct utsname un;

	uname(&un);
	sscanf(un.release, "%u.%u", &major, &minor);
	return major > 6 || (major == 6 && minor >= 6);
}

static int add_commands(scmp_filter_ctx ctx)
{
	int err = 0;

	/* Nothing tells where a program without a link is. */
	if (!are_links_named())
		err = add_command(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), 1, PERF_EVENT_IOC_SET_BPF);
	for (size_t i = 0; i < ARRAY_SIZE(requests) && !err; i++)
		err = add_command(ctx, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, requests[i]);
	for (unsigned command = 0; command <= BPF_PROG_BIND_MAP && !err; command++)
		err = add_command(ctx, is_watched(command) ? SCMP_ACT_NOTIFY : SCMP_ACT_ALLOW,
				  SCMP_SYS(bpf), 0, command);
	return err;
}

static int add_rules(scmp_filter_ctx ctx)
{
	const scmp_datum_t spaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID |
				    CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
	int err = 0;

	for (size_t i = 0; i < ARRAY_SIZE(allowed) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
	for (size_t i = 0; i < ARRAY_SIZE(families) && !err; i++)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, families[i]));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, spaces, 0));
	if (!err)
		err = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(perf_event_open), 0);
	return err ? err : add_commands(ctx);
}

/* The library writes the filter to a descriptor; it is kept for seccomp(2). */
static int compile_filter(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	cleanup_fd int fd = memfd_create("filter", MFD_CLOEXEC);
	int err = ctx && fd >= 0 ? add_rules(ctx) : -ENOMEM;
	off_t size;

	if (!err)
		err = seccomp_export_bpf(ctx, fd);
	seccomp_release(ctx);
	if (err) {
		errno = -err;
		return -1;
	}
	size = lseek(fd, 0, SEEK_END);
	filter.len = size / sizeof(*filter.filter);
	filter.filter = xcalloc(filter.len, sizeof(*filter.filter));
	return pread(fd, filter.filter, size, 0) == size ? 0 : -1;
}

/* --- its root --- */

static int make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	return fd < 0 ? -1 : close(fd);
}

static int bind_mount(const char *path, bool file, unsigned long flags)
{
	cleanup_free char *inside = xprintf(JAIL "%s", path);

	if (file ? make_file(inside) : mkdir(inside, 0755) && errno != EEXIST)
		return -1;
	return mount(path, inside, NULL, MS_BIND | flags, NULL);
}

static int write_file(const char *path, const char *text)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t len = strlen(text);

	return fd >= 0 && write(fd, text, len) == len ? 0 : -1;
}

/* With the controller for CPUs, all its processes together get no more of one than any of root's. */
static int make_cgroup(void)
{
	char memory[32];

	snprintf(memory, sizeof(memory), "%d", MEMORY_MAX);
	return write_file("/sys/fs/cgroup/cgroup.subtree_control", "+cpu +memory +pids") ||
	       mkdir(CGROUP, 0755) || write_file(CGROUP "/memory.max", memory) ||
	       write_file(CGROUP "/pids.max", PIDS_MAX);
}

int jail__prepare(void)
{
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random",
					       "/dev/urandom" };

	if (mkdir(JAIL, 0755) || mkdir(JAIL "/dev", 0755) || mkdir(JAIL "/tmp", 01777) ||
	    mkdir(JAIL "/run", 0755) || mkdir(JAIL "/run/workbook", 0755) ||
	    bind_mount("/proc", false, MS_REC) || bind_mount("/sys", false, MS_REC) ||
	    mount("tmpfs", JAIL "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=1777,size=8m"))
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++)
		if (bind_mount(devices[i], true, 0))
			return -1;
	return make_cgroup() || compile_filter() ? -1 : 0;
}

int jail__add_file(const char *path)
{
	cleanup_free char *inside = xprintf(JAIL "%s", path), *dir = xstrdup(inside);

	if (file__mkdirs(dirname(dir)))
		return -1;
	if (!link(path, inside) || errno == EEXIST)
		return 0;
	return errno == EXDEV ? bind_mount(path, true, 0) : -1;
}

/* --- becoming the program --- */

static int set_limits(void)
{
	const struct rlimit no_core = { 0, 0 }, files = { 256, 256 };
	/* Before 5.11 maps count against this instead of the control group. */
	const struct rlimit locked = { MEMORY_MAX, MEMORY_MAX };

	return setrlimit(RLIMIT_CORE, &no_core) || setrlimit(RLIMIT_NOFILE, &files) ||
	       setrlimit(RLIMIT_MEMLOCK, &locked);
}

/* Gives the process the capabilities in `mask` and nothing else of root's. */
static int drop_to_capabilities(uint64_t mask)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {
		{ mask, mask, mask },
		{ mask >> 32, mask >> 32, mask >> 32 },
	};

	for (int cap = 0; cap < 64; cap++)
		if (!(mask & (1ULL << cap)) && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) &&
		    errno != EINVAL)
			return -1;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgroups(0, NULL) ||
	    setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY) ||
	    syscall(SYS_capset, &h, d))
		return -1;
	for (int cap = 0; cap < 64; cap++)
		if (mask & (1ULL << cap) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			return -1;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Waits until the agent has its copy of the listener. */
static int install_filter(int sync)
{
	int listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			       SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
	char taken;

	if (listener < 0)
		return -1;
	return write(sync, &listener, sizeof(listener)) == sizeof(listener) &&
			       read(sync, &taken, 1) == 1 && !close(listener)
		       ? 0
		       : -1;
}

int jail__enter(uint64_t capabilities, int sync)
{
	if (write_file(CGROUP "/cgroup.procs", "0") || chroot(JAIL) || chdir("/tmp") ||
	    set_limits())
		return -1;
	return drop_to_capabilities(capabilities) || install_filter(sync) ? -1 : 0;
}

int jail__listener(pid_t child, int sync)
{
	cleanup_fd int pidfd = syscall(SYS_pidfd_open, child, 0);
	int theirs, ours;

	if (pidfd < 0 || read(sync, &theirs, sizeof(theirs)) != sizeof(theirs))
		return -1;
	ours = syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
	return ours >= 0 && write(sync, "", 1) == 1 ? ours : -1;
}

int jail__take(int listener, struct jail_call *call)
{
	struct seccomp_notif request = { 0 };

	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request))
		return -1;
	call->id = request.id;
	call->pid = request.pid;
	call->kind = request.data.nr == SYS_perf_event_open ? CALL_OPENS
		     : request.data.nr == SYS_bpf && (uint32_t)request.data.args[0] == BPF_PROG_LOAD
			     ? CALL_LOADS
			     : CALL_STARTS;
	memcpy(call->arg, request.data.args, sizeof(call->arg));
	return 0;
}

int jail__answer(int listener, const struct jail_call *call, bool refuse)
{
	struct seccomp_notif_resp answer = { .id = call->id };

	if (refuse)
		answer.error = -EPERM;
	else
		answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}

/* --- perf events --- */

/* An event that another process has asked for, and what came of it. */
struct event {
	const struct jail_call *call;
	uint64_t capabilities;
	struct perf_event_attr attr;
	char name[PATH_MAX]; /* of the function or file that the attributes point to */
	bool in_file;
	int file, fd, error;
};

/* Up to `size` bytes of the caller's memory. Returns how many there were. */
static size_t peek(const struct event *e, uint64_t from, void *to, size_t size)
{
	struct iovec here = { to, size }, there = { (void *)(uintptr_t)from, size };
	ssize_t n = process_vm_readv(e->call->pid, &here, 1, &there, 1, 0);

	return n < 0 ? 0 : n;
}

/* The number that the kernel gave to a kind of event, 0 if it has none of it. */
static unsigned event_type(const char *kind)
{
	cleanup_free char *path = xprintf("/sys/bus/event_source/devices/%s/type", kind);
	cleanup_file FILE *f = fopen(path, "re");
	unsigned type;

	return f && fscanf(f, "%u", &type) == 1 ? type : 0;
}

/* What is not named here stays 0: what to sample of whom, and whose forks, names and mappings to tell. */
static int copy_attributes(struct event *e)
{
	struct perf_event_attr from = { 0 }, *attr = &e->attr;

	if (peek(e, e->call->arg[0], &from, PERF_ATTR_SIZE_VER0) < PERF_ATTR_SIZE_VER0)
		return -EFAULT;
	*attr = (struct perf_event_attr){
		.type = from.type,
		.size = sizeof(*attr),
		.config = from.config,
		.sample_period = from.sample_period,
		.read_format = from.read_format,
		.disabled = from.disabled,
		.inherit = from.inherit,
		.exclude_user = from.exclude_user,
		.exclude_kernel = from.exclude_kernel,
		.exclude_hv = from.exclude_hv,
		.exclude_idle = from.exclude_idle,
		.freq = from.freq,
		.watermark = from.watermark,
		.wakeup_events = from.wakeup_events,
	};
	if (from.type == PERF_TYPE_SOFTWARE && from.config == PERF_COUNT_SW_BPF_OUTPUT)
		attr->sample_type = from.sample_type & PERF_SAMPLE_RAW;
	return 0;
}

/* "/proc/self" is another process's here. */
static void mean_caller(struct event *e)
{
	size_t self = strlen("/proc/self");
	cleanup_free char *rest = NULL;

	if (strncmp(e->name, "/proc/self/", self + 1))
		return;
	rest = xstrdup(e->name + self);
	snprintf(e->name, sizeof(e->name), "/proc/%d%s", e->call->pid, rest);
}

/* config1 points to a name and config2 is an offset, see kprobe_func and uprobe_path of perf_event_open(2). */
static int copy_place(struct event *e)
{
	uint64_t config[2] = { 0 };

	if (e->attr.type != event_type("kprobe") && e->attr.type != event_type("uprobe"))
		return 0;
	if (peek(e, e->call->arg[0] + offsetof(struct perf_event_attr, config1), config,
		 sizeof(config)) < sizeof(config))
		return -EFAULT;
	e->name[peek(e, config[0], e->name, sizeof(e->name) - 1)] = '\0';
	e->in_file = config[0] && e->attr.type == event_type("uprobe");
	if (e->in_file)
		mean_caller(e);
	e->attr.config1 = config[0] ? (uintptr_t)e->name : 0;
	e->attr.config2 = config[1];
	return 0;
}

/* The agent's own program, to which there are other ways in /proc, is nobody's to probe. What was looked at is what the
 * event gets, whatever becomes of the name.
 */
static bool hold_file(struct event *e)
{
	struct stat ours, theirs;

	e->file = open(e->name, O_PATH | O_CLOEXEC);
	if (e->file < 0 || fstat(e->file, &theirs) || stat("/proc/self/exe", &ours))
		return false;
	if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) {
		errno = EACCES;
		return false;
	}
	snprintf(e->name, sizeof(e->name), "/proc/self/fd/%d", e->file);
	return true;
}

/* In a process that shares the agent's memory and descriptors, but has the rights of the caller. */
static int open_event(void *ctx)
{
	struct event *e = ctx;
	pid_t whom = e->call->arg[1] ? (pid_t)e->call->arg[1] : e->call->pid;

	if (!chroot(JAIL) && !chdir("/tmp") && !drop_to_capabilities(e->capabilities) &&
	    (!e->in_file || hold_file(e)))
		e->fd = syscall(SYS_perf_event_open, &e->attr, whom, (int)e->call->arg[2], -1,
				PERF_FLAG_FD_CLOEXEC);
	e->error = e->fd < 0 ? -errno : 0;
	return 0;
}

static void open_as_caller(struct event *e)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	pid_t pid = clone(open_event, stack + sizeof(stack),
			  CLONE_VM | CLONE_FILES | CLONE_VFORK | SIGCHLD, e);

	if (pid < 0)
		e->error = -errno;
	else
		waitpid(pid, NULL, 0);
}

int jail__open_event(int listener, const struct jail_call *call, uint64_t capabilities)
{
	static struct event e;
	struct seccomp_notif_addfd add = { .id = call->id };
	struct seccomp_notif_resp answer = { .id = call->id };
	int group = call->arg[3], flags = call->arg[4];

	e = (struct event){ .call = call, .capabilities = capabilities, .file = -1, .fd = -1 };
	e.error = group != -1 || flags & PERF_FLAG_PID_CGROUP ? -EINVAL : copy_attributes(&e);
	if (!e.error)
		e.error = copy_place(&e);
	if (!e.error)
		open_as_caller(&e);
	if (!e.error) {
		add.srcfd = e.fd;
		add.newfd_flags = flags & PERF_FLAG_FD_CLOEXEC ? O_CLOEXEC : 0;
		answer.val = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		e.error = answer.val < 0 ? -errno : 0;
	}
	close_fd(&e.file);
	close_fd(&e.fd);
	answer.error = e.error;
	if (e.error)
		answer.val = 0;
	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
