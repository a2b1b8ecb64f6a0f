// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The guest's first process: makes the initramfs a system that BCC and libbpf programs run in, then
 * takes one order at a time from the host. A static binary; a failure before the port is open goes
 * to the console and ends the VM.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <linux/random.h>
#include <net/if.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "frame.h"
#include "held.h"
#include "jail.h"

#define PORT_NAME "workbook"
#define NOBODY	  65534
#define SLOTS	  8
#define TOOL	  "libbpf" /* SLOT_LIBBPF: the program that the stimulus may end and start again */
#define END_MS	  15000
#define READY_MS  20000
#define SEEN_MAX  (64 << 10) /* bytes: nobody needs that many programs */

/* A program that the host started, under a name the host chose. */
struct slot {
	char name[32];
	pid_t pid;     /* 0: no program */
	bool exited;   /* status and usage are valid */
	int status;    /* of wait() */
	int input;     /* its standard input, -1 once closed */
	int listener;  /* on which its calls wait, see jail.h; -1: it is not in the jail */
	int64_t start; /* now_ms() when it started */
	int64_t ready; /* ms from start to its first line since the last input, -1 before it */
	off_t heard;   /* bytes of output that were there then */
	struct rusage usage;
	char *user, *argv[64]; /* how it was started */
};

static struct slot slots[SLOTS];
static int port = -1, children = -1, watcher = -1;

/* What the kernel held before the last program entered the jail. */
static struct buf held_before;
/* Which programs it had since then, and where. */
static struct buf seen;
static unsigned late_calls; /* that load or attach, after its first line: refused */

/* --- the system --- */

static void die(const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_POWER_OFF);
	_exit(1);
}

static void mount_at(const char *type, const char *dir, unsigned long flags, const char *options)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, flags, options) && errno != EBUSY)
		die(dir);
}

/* Not every kernel has every setting; a program that needs one says so when it fails. */
static void set_sysctl(const char *path, const char *value)
{
	cleanup_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		fprintf(stderr, "agent: %s: %s\n", path, strerror(errno));
}

static void load_modules(void)
{
	cleanup_file FILE *list = fopen("/modules.list", "re");
	char name[128], path[192];

	if (!list)
		die("/modules.list");
	while (fscanf(list, "%127s", name) == 1) {
		snprintf(path, sizeof(path), "/modules/%s", name);
		cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			die(path);
		if (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST)
			die(path);
	}
}

/* Devices of virtio appear a moment after their driver. */
static void wait_for(const char *path)
{
	for (int64_t end = now_ms() + 10000; access(path, F_OK); usleep(2000))
		if (now_ms() > end)
			die(path);
}

static void open_port(void)
{
	char path[512], name[64] = "";
	DIR *dir;

	wait_for("/sys/class/virtio-ports");
	for (int64_t end = now_ms() + 10000; port < 0 && now_ms() < end; usleep(2000)) {
		dir = opendir("/sys/class/virtio-ports");
		for (struct dirent *e; port < 0 && dir && (e = readdir(dir));) {
			snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", e->d_name);
			cleanup_file FILE *f = fopen(path, "re");
			if (!f || fscanf(f, "%63s", name) != 1 || strcmp(name, PORT_NAME))
				continue;
			snprintf(path, sizeof(path), "/dev/%s", e->d_name);
			port = open(path, O_RDWR | O_CLOEXEC);
		}
		if (dir)
			closedir(dir);
	}
	if (port < 0)
		die("port " PORT_NAME);
}

/* The root disk is read-only and shared by many VMs: what is written goes to memory. */
static void enter_root(void)
{
	wait_for("/dev/vda");
	mkdir("/disk", 0755);
	if (mount("/dev/vda", "/disk", "ext4", MS_RDONLY | MS_NOATIME, "noload"))
		die("/dev/vda");
	mount_at("tmpfs", "/memory", 0, "mode=755");
	mkdir("/memory/upper", 0755);
	mkdir("/memory/work", 0755);
	mkdir("/root", 0755);
	if (mount("overlay", "/root", "overlay", 0,
		  "lowerdir=/disk,upperdir=/memory/upper,workdir=/memory/work"))
		die("overlay");
	if (mount("/dev", "/root/dev", NULL, MS_MOVE, NULL) ||
	    mount("/proc", "/root/proc", NULL, MS_MOVE, NULL) ||
	    mount("/sys", "/root/sys", NULL, MS_MOVE, NULL))
		die("move mounts");
	if (chdir("/root") || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("chroot");
}

static void mount_rest(void)
{
	mount_at("tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=755");
	mount_at("tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_at("tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777");
	mount_at("devpts", "/dev/pts", 0, "ptmxmode=666");
	/* Programs without root read event numbers there. */
	mount_at("tracefs", "/sys/kernel/tracing", 0, "mode=755,gid=65534");
	mount_at("debugfs", "/sys/kernel/debug", 0, "mode=755");
	mount_at("bpf", "/sys/fs/bpf", 0, "mode=755");
	mount_at("cgroup2", "/sys/fs/cgroup", 0, NULL);
	/* What udev makes elsewhere, and shells use. */
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("fd/0", "/dev/stdin") ||
	    symlink("fd/1", "/dev/stdout") || symlink("fd/2", "/dev/stderr"))
		die("/dev/fd");
	mkdir("/run/slots", 0700);
	if (jail__prepare())
		die(JAIL);
	mkdir("/run/workbook", 0755);
	mkdir("/workbook", 0755);
}

static void set_sysctls(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
	cleanup_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	/* Debian's 3 refuses perf events to CAP_PERFMON; kallsyms shows zeros otherwise. */
	set_sysctl("/proc/sys/kernel/perf_event_paranoid", "2");
	set_sysctl("/proc/sys/kernel/kptr_restrict", "0");
	set_sysctl("/proc/sys/kernel/panic", "-1");
	set_sysctl("/proc/sys/kernel/printk", "1");
	sethostname("workbook", 8);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &lo))
		fprintf(stderr, "agent: lo: %s\n", strerror(errno));
}

static void set_up(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	sigset_t mask;

	mount_at("proc", "/proc", 0, NULL);
	mount_at("sysfs", "/sys", 0, NULL);
	mount_at("devtmpfs", "/dev", 0, NULL);
	load_modules();
	open_port();
	enter_root();
	mount_rest();
	set_sysctls();
	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* maps count against it before 5.11 */
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGUSR1);
	sigaddset(&mask, SIGUSR2);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	children = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	watcher = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (children < 0 || watcher < 0)
		die("signalfd, inotify");
}

/* --- replies --- */

static void send_frame(uint32_t type, const void *data, size_t len)
{
	cleanup_buf struct buf b = { 0 };

	frame__put(&b, type, data, len);
	for (size_t done = 0; done < b.len;) {
		ssize_t n = write(port, b.data + done, b.len - done);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			die("port");
		done += n > 0 ? n : 0;
	}
}

static void reply_error(const char *fmt, ...) __printf(1, 2);
static void reply_error(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	send_frame(FRAME_ERROR, text, strlen(text));
}

static void reply_ok(void)
{
	send_frame(FRAME_OK, NULL, 0);
}

/* --- programs --- */

static struct slot *find_slot(const char *name)
{
	for (size_t i = 0; name && i < SLOTS; i++)
		if (slots[i].pid && !strcmp(slots[i].name, name))
			return &slots[i];
	return NULL;
}

static void forget_arguments(struct slot *s)
{
	free(s->user);
	for (size_t i = 0; i < ARRAY_SIZE(s->argv); i++)
		free(s->argv[i]);
}

static struct slot *new_slot(const char *name)
{
	struct slot *s = find_slot(name);

	for (size_t i = 0; !s && i < SLOTS; i++)
		if (!slots[i].pid)
			s = &slots[i];
	if (!s || strlen(name) >= sizeof(s->name) || (s->pid && !s->exited))
		return NULL;
	forget_arguments(s);
	*s = (struct slot){ .input = -1, .listener = -1, .ready = -1 };
	strcpy(s->name, name);
	return s;
}

static void slot_path(char *path, size_t size, const char *name, const char *file)
{
	snprintf(path, size, "/run/slots/%s.%s", name, file);
}

static void reap(void)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		for (size_t i = 0; i < SLOTS; i++) {
			if (slots[i].pid != pid || slots[i].exited)
				continue;
			slots[i].exited = true;
			slots[i].status = status;
			slots[i].usage = usage;
			kill(-pid, SIGKILL); /* what it left behind in its session's group */
		}
	}
}

/* `sync` is the jail's, see jail.h, or -1 for root. */
static void exec_program(const struct slot *s, int input, int sync)
{
	const struct rlimit output = { OUTPUT_MAX, OUTPUT_MAX }, no_core = { 0, 0 };
	char out[64], err[64];
	sigset_t none;
	int out_fd, err_fd;

	slot_path(out, sizeof(out), s->name, "out");
	slot_path(err, sizeof(err), s->name, "err");
	out_fd = open(out, O_WRONLY | O_APPEND | O_CLOEXEC);
	err_fd = open(err, O_WRONLY | O_APPEND | O_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (out_fd < 0 || err_fd < 0 || dup2(input, 0) < 0 || dup2(out_fd, 1) < 0 ||
	    dup2(err_fd, 2) < 0 || setsid() < 0)
		_exit(126);
	if (chdir("/tmp") || setrlimit(RLIMIT_CORE, &no_core) || setrlimit(RLIMIT_FSIZE, &output) ||
	    (sync >= 0 && jail__enter(strtoull(s->user, NULL, 16), sync))) {
		perror("agent: enter the jail");
		_exit(126);
	}
	execvp(s->argv[0], s->argv);
	perror(s->argv[0]);
	_exit(127);
}

static int create_output(const char *name, const char *file, bool watch)
{
	char path[64];

	slot_path(path, sizeof(path), name, file);
	unlink(path);
	cleanup_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || (watch && inotify_add_watch(watcher, path, IN_MODIFY) < 0))
		return -1;
	return 0;
}

/* Starts the slot's program with an empty output. Returns -1 with errno set. */
static int launch(struct slot *s)
{
	int in[2], sync[2] = { -1, -1 };

	if (create_output(s->name, "out", true) || pipe2(in, O_CLOEXEC) ||
	    (strcmp(s->user, "root") && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sync)))
		return -1;
	close_fd(&s->listener);
	s->listener = -1;
	s->start = now_ms();
	s->pid = fork();
	if (!s->pid)
		exec_program(s, in[0], sync[1]);
	close(in[0]);
	s->input = in[1];
	close_fd(&sync[1]);
	if (s->pid > 0 && sync[0] >= 0)
		s->listener = jail__listener(s->pid, sync[0]);
	close_fd(&sync[0]);
	if (s->pid > 0)
		return 0;
	s->pid = 0;
	close(s->input);
	return -1;
}

static void start_program(struct payload *p)
{
	const char *name = payload__string(p), *user = payload__string(p), *arg;
	struct slot *s = name && user ? new_slot(name) : NULL;

	if (s && strcmp(user, "root")) {
		late_calls = held_before.len = seen.len = 0;
		held__list(NOBODY, &held_before);
	}
	if (s)
		s->user = xstrdup(user);
	for (size_t n = 0; s && n < ARRAY_SIZE(s->argv) - 1 && (arg = payload__string(p)); n++)
		s->argv[n] = xstrdup(arg);
	if (!s || !s->argv[0])
		reply_error("start: no free slot or no program named");
	else if (create_output(name, "err", false) || launch(s))
		reply_error("start %s: %s", name, strerror(errno));
	else
		reply_ok();
}

/* A line is complete when its newline is there. */
static bool has_line(const struct slot *s, off_t *size)
{
	char path[64], text[4096];
	struct stat st;
	ssize_t n;

	slot_path(path, sizeof(path), s->name, "out");
	cleanup_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st))
		return false;
	*size = st.st_size;
	n = pread(fd, text, sizeof(text), s->heard);
	return n > 0 && memchr(text, '\n', n);
}

/* Who is stopped is not slow. The stimulus stops tools itself. */
static bool is_stopped(const struct slot *s)
{
	pid_t others[SLOTS];
	size_t count = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (&slots[i] != s)
			others[count++] = slots[i].pid;
	return held__stopped(NOBODY, others, count);
}

static void reply_state(struct slot *s, bool timed_out)
{
	const struct timeval *u = &s->usage.ru_utime, *k = &s->usage.ru_stime;
	char text[256];
	off_t size = 0;

	has_line(s, &size);
	snprintf(text, sizeof(text),
		 "exited=%d timeout=%d stopped=%d status=%d ready_ms=%lld rss_kb=%ld cpu_ms=%ld "
		 "output=%lld",
		 s->exited, timed_out, timed_out && is_stopped(s), s->status, (long long)s->ready,
		 s->usage.ru_maxrss,
		 (u->tv_sec + k->tv_sec) * 1000L + (u->tv_usec + k->tv_usec) / 1000,
		 (long long)size);
	send_frame(FRAME_OK, text, strlen(text));
}

static void note_ready(void)
{
	off_t size;

	for (size_t i = 0; i < SLOTS; i++)
		if (slots[i].pid && slots[i].ready < 0 && has_line(&slots[i], &size))
			slots[i].ready = now_ms() - slots[i].start;
}

static void look_at_programs(void)
{
	cleanup_buf struct buf now = { 0 }, added = { 0 };

	held__list_programs(&now);
	held__new(&held_before, &now, &added);
	held__new(&seen, &added, &seen);
}

/* A BPF program can make the agent's own system calls fail: it is seen before it gets to work. What comes
 * once the events may begin could be gone again before anybody looks.
 */
static void answer_call(struct slot *s, bool gone)
{
	struct jail_call call;
	bool late;

	if (gone) {
		close_fd(&s->listener);
		s->listener = -1;
		return;
	}
	if (jail__take(s->listener, &call)) /* a signal ended the call */
		return;
	if (call.kind == CALL_OPENS) {
		jail__open_event(s->listener, &call, strtoull(s->user, NULL, 16));
		return;
	}
	late = s->ready >= 0;
	late_calls += late;
	if (!late && call.kind == CALL_STARTS)
		look_at_programs();
	jail__answer(s->listener, &call, late || seen.len > SEEN_MAX);
}

static void take_signals(void);

/* Waits for the slot's first line (`for_end` false) or end, at most `ms`. Returns whether it came. */
static bool await(struct slot *s, bool for_end, int64_t ms)
{
	struct pollfd fds[2 + SLOTS] = { { children, POLLIN, 0 }, { watcher, POLLIN, 0 } };
	int64_t end = now_ms() + ms;
	char drain[4096];

	for (;;) {
		int64_t left = end - now_ms();

		take_signals();
		while (read(watcher, drain, sizeof(drain)) > 0)
			;
		reap();
		note_ready();
		if (s->exited || (!for_end && s->ready >= 0))
			return true;
		if (left <= 0)
			return false;
		for (size_t i = 0; i < SLOTS; i++)
			fds[2 + i] =
				(struct pollfd){ slots[i].pid ? slots[i].listener : -1, POLLIN, 0 };
		poll(fds, ARRAY_SIZE(fds), left);
		for (size_t i = 0; i < SLOTS; i++)
			if (fds[2 + i].revents)
				answer_call(&slots[i], !(fds[2 + i].revents & POLLIN));
	}
}

static void wait_slot(struct payload *p, bool for_end)
{
	struct slot *s = find_slot(payload__string(p));
	int64_t ms = payload__number(p);

	if (s)
		reply_state(s, !await(s, for_end, ms));
	else
		reply_error("wait: no such program");
}

/* --- the stimulus's orders --- */

/* Whatever a program without root started, in whatever session, does not outlive it: another process of
 * its user tells by its status whether there was anybody to kill.
 */
static void kill_leftovers(void)
{
	int nobody = 0;

	for (int tries = 1000; tries && !nobody; tries--) {
		pid_t pid = fork();

		if (!pid)
			_exit(setresuid(NOBODY, NOBODY, NOBODY) || kill(-1, SIGKILL));
		if (waitpid(pid, &nobody, 0) != pid)
			return;
		poll(NULL, 0, 1);
		reap();
	}
}

static void end_tool(void)
{
	struct slot *s = find_slot(TOOL);

	if (s && !s->exited && !kill(s->pid, SIGINT) && await(s, true, END_MS))
		kill_leftovers();
}

/* One that did not end, or not well, stays as it is: the host will see it. */
static void start_tool(void)
{
	struct slot *s = find_slot(TOOL);

	if (!s || !s->exited || s->status)
		return;
	close(s->input);
	s->exited = false;
	s->ready = -1;
	s->heard = 0;
	if (!launch(s))
		await(s, false, READY_MS);
}

/* A signal from the stimulus is an order, and answered by the same one. Nobody else may send any. */
static void take_signals(void)
{
	struct signalfd_siginfo info;

	while (read(children, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1)
			end_tool();
		if (info.ssi_signo == SIGUSR2)
			start_tool();
		if (info.ssi_signo != SIGCHLD)
			kill(info.ssi_pid, info.ssi_signo);
	}
}

/* --- orders about programs --- */

static void feed_program(struct payload *p)
{
	struct slot *s = find_slot(payload__string(p));

	if (s) {
		has_line(s, &s->heard);
		s->ready = -1;
	}
	if (!s || s->input < 0 || write(s->input, p->data, p->len) != (ssize_t)p->len)
		reply_error("input: the program takes none");
	else
		reply_ok();
}

static void signal_program(struct payload *p)
{
	struct slot *s = find_slot(payload__string(p));
	int64_t sig = payload__number(p);

	reap();
	if (!s || (!s->exited && kill(s->pid, sig)))
		reply_error("signal: no such program");
	else
		reply_ok();
}

static void admit_file(struct payload *p)
{
	const char *pattern = payload__string(p);
	glob_t found = { 0 };
	int err = pattern ? glob(pattern, 0, NULL, &found) : GLOB_NOMATCH;

	for (size_t i = 0; !err && i < found.gl_pathc; i++)
		err = jail__add_file(found.gl_pathv[i]);
	if (err)
		reply_error("%s: %s", pattern ? pattern : "admit",
			    err == GLOB_NOMATCH ? "there is no such file" : strerror(errno));
	else
		reply_ok();
	globfree(&found);
}

static void unpin(struct payload *p)
{
	const char *path = payload__string(p);

	if (!path || held__unpin(path))
		reply_error("%s: %s", path ? path : "unpin", strerror(errno));
	else
		reply_ok();
}

static void reply_missed(void)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)held__missed());
	send_frame(FRAME_OK, text, strlen(text));
}

static void reply_held(void)
{
	cleanup_buf struct buf now = { 0 }, held = { 0 };

	reap();
	held__list(NOBODY, &now);
	held__new(&held_before, &now, &held);
	send_frame(FRAME_OK, held.data, held.len);
}

static void reply_seen(void)
{
	cleanup_buf struct buf text = { 0 };

	look_at_programs();
	buf__add(&text, seen.data, seen.len);
	if (late_calls)
		buf__printf(&text, "late %u\n", late_calls);
	send_frame(FRAME_OK, text.data, text.len);
}

/* --- the interactive shell --- */

static void set_size(int terminal, struct payload *p)
{
	int64_t rows = payload__number(p), columns = payload__number(p);
	struct winsize size = { .ws_row = rows, .ws_col = columns };

	if (rows > 0 && columns > 0)
		ioctl(terminal, TIOCSWINSZ, &size);
}

/* For a script on the host's standard input: it is not repeated, and lines end as they were written. */
static void make_plain(int terminal)
{
	struct termios t;

	if (tcgetattr(terminal, &t))
		return;
	t.c_lflag &= ~ECHO;
	t.c_oflag &= ~OPOST;
	tcsetattr(terminal, TCSANOW, &t);
}

/* Without a `term`, bash reads a script: with its own editing of lines, an end of file that comes too
 * early would be lost.
 */
static void exec_shell(const char *term)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setenv("TERM", *term ? term : "dumb", 1);
	setenv("PS1", "\\u@\\h:\\w# ", 1);
	if (!chdir("/workbook"))
		execlp("bash", "bash", "--norc", *term ? "-i" : "/dev/stdin", NULL);
	perror("bash");
	_exit(127);
}

/* Carries bytes between the terminal and the host until the shell ends. */
static void relay(int terminal, pid_t shell, struct buf *in)
{
	struct pollfd fds[] = { { port, POLLIN, 0 }, { terminal, POLLIN, 0 } };
	cleanup_buf struct buf payload = { 0 };
	static char chunk[16384];
	int status = 0;
	uint32_t type;
	ssize_t n;

	for (;;) {
		poll(fds, ARRAY_SIZE(fds), -1);
		if (fds[1].revents) {
			n = read(terminal, chunk, sizeof(chunk));
			if (n <= 0)
				break; /* the last process on the terminal is gone */
			send_frame(FRAME_TTY, chunk, n);
		}
		if (!(fds[0].revents & POLLIN) || (n = read(port, chunk, sizeof(chunk))) <= 0)
			continue;
		buf__add(in, chunk, n);
		for (; frame__take(in, &type, &payload) == 1; payload.len = 0) {
			struct payload p = { payload.data, payload.len };

			if (type == FRAME_SIZE)
				set_size(terminal, &p);
			else if (type == FRAME_TTY && write(terminal, p.data, p.len) < 0)
				break;
		}
	}
	waitpid(shell, &status, 0);
	snprintf(chunk, sizeof(chunk), "%d", status);
	send_frame(FRAME_END, chunk, strlen(chunk) + 1);
}

static void open_shell(struct payload *p, struct buf *in)
{
	struct payload size = *p;
	const char *term;
	int terminal;
	pid_t shell;

	payload__string(p);
	payload__string(p);
	term = payload__string(p);
	shell = forkpty(&terminal, NULL, NULL, NULL);
	if (!shell)
		exec_shell(term ? term : "");
	if (shell < 0) {
		reply_error("shell: %s", strerror(errno));
		return;
	}
	fcntl(terminal, F_SETFD, FD_CLOEXEC);
	set_size(terminal, &size);
	if (!term || !*term)
		make_plain(terminal);
	reply_ok();
	relay(terminal, shell, in);
	close(terminal);
}

/* --- files, clock --- */

static void put_file(struct payload *p)
{
	const char *path = payload__string(p), *mode = payload__string(p);
	cleanup_fd int fd = -1;

	if (!path || !mode) {
		reply_error("put: no path");
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, strtol(mode, NULL, 8));
	if (fd < 0 || write(fd, p->data, p->len) != (ssize_t)p->len)
		reply_error("%s: %s", path, strerror(errno));
	else
		reply_ok();
}

static void fetch_file(struct payload *p)
{
	const char *path = payload__string(p);
	int64_t limit = payload__number(p);
	cleanup_buf struct buf b = { 0 };
	int err = path ? file__read(path, &b) : -EINVAL;

	if (err || limit < 0)
		reply_error("%s: %s", path ? path : "fetch", strerror(-err));
	else
		send_frame(FRAME_OK, b.data, b.len < (size_t)limit ? b.len : (size_t)limit);
}

/* A restored guest has the clock and the random numbers of the moment it was saved. */
static void set_clock(struct payload *p)
{
	int64_t ns = payload__number(p);
	struct timespec now = { ns / 1000000000, ns % 1000000000 };
	struct {
		struct rand_pool_info info;
		char bytes[64];
	} pool = { .info = { .entropy_count = 512, .buf_size = 64 } };
	cleanup_fd int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (p->len != sizeof(pool.bytes) || fd < 0) {
		reply_error("clock: 64 bytes of entropy expected");
		return;
	}
	memcpy(pool.bytes, p->data, sizeof(pool.bytes));
	if (clock_settime(CLOCK_REALTIME, &now) || ioctl(fd, RNDADDENTROPY, &pool) ||
	    ioctl(fd, RNDRESEEDCRNG))
		reply_error("clock: %s", strerror(errno));
	else
		reply_ok();
}

/* --- orders --- */

static void obey(uint32_t type, struct payload *p, struct buf *in)
{
	switch (type) {
	case FRAME_PUT:
		return put_file(p);
	case FRAME_FETCH:
		return fetch_file(p);
	case FRAME_START:
		return start_program(p);
	case FRAME_INPUT:
		return feed_program(p);
	case FRAME_READY:
		return wait_slot(p, false);
	case FRAME_SIGNAL:
		return signal_program(p);
	case FRAME_WAIT:
		return wait_slot(p, true);
	case FRAME_ADMIT:
		return admit_file(p);
	case FRAME_UNPIN:
		return unpin(p);
	case FRAME_HELD:
		return reply_held();
	case FRAME_MISSED:
		return reply_missed();
	case FRAME_SEEN:
		return reply_seen();
	case FRAME_CLOCK:
		return set_clock(p);
	case FRAME_SHELL:
		return open_shell(p, in);
	default:
		return reply_error("order %u is unknown", type);
	}
}

static void serve(void)
{
	cleanup_buf struct buf in = { 0 }, payload = { 0 };
	static char chunk[65536];
	uint32_t type;

	for (;;) {
		ssize_t n = read(port, chunk, sizeof(chunk));

		/* No host at the other end for a moment: the VM is being saved. */
		if (n <= 0) {
			poll(NULL, 0, 1);
			continue;
		}
		buf__add(&in, chunk, n);
		while (frame__take(&in, &type, &payload) == 1) {
			struct payload p = { payload.data, payload.len };

			obey(type, &p, &in);
			payload.len = 0;
		}
	}
}

int main(void)
{
	struct utsname un;

	set_up();
	uname(&un);
	send_frame(FRAME_HELLO, un.release, strlen(un.release) + 1);
	serve();
}
