// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "interrupt.h"
#include "qmp.h"
#include "rows.h"
#include "vm.h"

#define QEMU	    "qemu-system-x86_64"
#define BOOT_MS	    120000
#define SANDBOX_MS  10000
#define TRIAL_MS    8000
#define ORDER_MS    20000
#define MIGRATE_MS  60000
#define GONE_MS	    500	 /* from a closed socket to the end of its process */
#define CONSOLE_END 2000 /* bytes of the console shown when a boot fails */
#define AGAIN_MS    50	 /* between two ends of a script */
#define SILENT_MS   2000 /* a wait that lasts longer is said */

struct vm {
	pid_t pid;
	int agent, console, messages; /* the last two: what the guest and QEMU printed */
	struct qmp *qmp;
	struct buf in;
	const char *kernel;
};

/* --- arguments --- */

/* The kernel's: quiet because a serial line is slow, no mitigations and expedited grace periods
 * because attaching a program waits for several. Of the CPUs, one is up, and the kernel patches itself
 * for that; a stimulus that wants another brings it up in its setup().
 */
#define KERNEL_ARGS                                                                       \
	"console=ttyS0 quiet loglevel=1 panic=-1 mitigations=off audit=0 no_timer_check " \
	"rcupdate.rcu_expedited=1 random.trust_cpu=on maxcpus=1"

char **vm__args(const struct vm_args *a)
{
	bool kvm = !strcmp(a->accel, "kvm");
	char *args[] = {
		xstrdup(QEMU),
		xstrdup("-nodefaults"),
		xstrdup("-no-user-config"),
		xstrdup("-no-reboot"),
		xstrdup("-sandbox"),
		xstrdup("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny"),
		xstrdup("-display"),
		xstrdup("none"),
		xstrdup("-machine"),
		xprintf("q35,accel=%s,memory-backend=ram", a->accel),
		xstrdup("-cpu"),
		xstrdup(kvm ? "host" : "max,la57=off"),
		xstrdup("-smp"),
		xstrdup("3"),
		xstrdup("-m"),
		xprintf("%d", VM_RAM_MB),
		xstrdup("-object"),
		xprintf("memory-backend-file,id=ram,size=%dM,mem-path=%s,share=%s", VM_RAM_MB,
			a->ram, a->share ? "on" : "off"),
		xstrdup("-kernel"),
		xprintf("%s/vmlinuz", a->image->dir),
		xstrdup("-initrd"),
		xprintf("/proc/self/fd/%d", a->initrd),
		xstrdup("-append"),
		xstrdup(KERNEL_ARGS),
		xstrdup("-drive"),
		xprintf("if=none,id=root,file=%s/root.ext4,format=raw,readonly=on", a->image->dir),
		xstrdup("-device"),
		xstrdup("virtio-blk-pci,drive=root"),
		xstrdup("-device"),
		xstrdup("virtio-serial-pci"),
		xstrdup("-chardev"),
		xprintf("socket,id=agent,fd=%d", a->agent),
		xstrdup("-device"),
		xstrdup("virtserialport,chardev=agent,name=workbook"),
		xstrdup("-chardev"),
		xprintf("socket,id=qmp,fd=%d", a->qmp),
		xstrdup("-mon"),
		xstrdup("chardev=qmp,mode=control"),
		xstrdup("-chardev"),
		xprintf("file,id=console,path=/proc/self/fd/%d", a->console),
		xstrdup("-serial"),
		xstrdup("chardev:console"),
		a->restore ? xstrdup("-incoming") : NULL,
		a->restore ? xstrdup("defer") : NULL,
		NULL,
	};
	char **copy = xcalloc(ARRAY_SIZE(args), sizeof(*args));

	memcpy(copy, args, sizeof(args));
	return copy;
}

/* Puts bubblewrap before QEMU's arguments. The RAM file is mapped privately, but QEMU before 8.2 wants to
 * open it for writing all the same.
 */
static char **confine(char **args, const struct vm_args *a)
{
	const char *const bwrap[] = {
		"bwrap",
		"--unshare-all",
		"--die-with-parent",
		"--new-session",
		"--cap-drop",
		"ALL",
		"--clearenv",
		"--setenv",
		"PATH",
		"/usr/bin",
		"--ro-bind",
		"/usr",
		"/usr",
		"--tmpfs",
		"/usr/local",
		"--symlink",
		"usr/lib",
		"/lib",
		"--symlink",
		"usr/lib64",
		"/lib64",
		"--proc",
		"/proc",
		"--dev",
		"/dev",
		"--dev-bind-try",
		"/dev/kvm",
		"/dev/kvm",
		"--ro-bind",
		a->image->dir,
		a->image->dir,
		"--bind",
		a->ram,
		a->ram,
		"sh",
		"-c",
		"echo >&0; read -r go && exec \"$@\" </dev/null",
		"sh",
	};
	size_t n = 0;
	char **all;

	while (args[n])
		n++;
	all = xcalloc(ARRAY_SIZE(bwrap) + n + 1, sizeof(*all));
	for (size_t i = 0; i < ARRAY_SIZE(bwrap); i++)
		all[i] = xstrdup(bwrap[i]);
	memcpy(all + ARRAY_SIZE(bwrap), args, n * sizeof(*args));
	free(args);
	return all;
}

void vm__free_args(char **args)
{
	for (char **a = args; a && *a; a++)
		free(*a);
	free(args);
}

/* --- the initial RAM disk: the agent and the modules that the root disk needs --- */

static int add_entry(struct archive *a, const char *name, int mode, const struct buf *content)
{
	struct archive_entry *e = archive_entry_new();
	int err;

	archive_entry_set_pathname(e, name);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, content ? content->len : 0);
	err = archive_write_header(a, e);
	if (!err && content && archive_write_data(a, content->data, content->len) < 0)
		err = ARCHIVE_FATAL;
	archive_entry_free(e);
	return err;
}

static int add_file(struct archive *a, const char *name, int mode, const char *path)
{
	cleanup_buf struct buf b = { 0 };
	int err = file__read(path, &b);

	if (err) {
		errno = -err;
		return err_sys("%s", path);
	}
	return add_entry(a, name, mode, &b)
		       ? err_msg("initial RAM disk: %s", archive_error_string(a))
		       : 0;
}

static int add_modules(struct archive *a, const struct image *image)
{
	cleanup_free char *list = xprintf("%s/modules.list", image->dir);
	cleanup_file FILE *f = fopen(list, "re");
	char name[128];
	int err = f ? add_file(a, "modules.list", S_IFREG | 0644, list) : err_sys("%s", list);

	if (!err && add_entry(a, "modules", S_IFDIR | 0755, NULL))
		err = err_msg("initial RAM disk: %s", archive_error_string(a));
	while (!err && fscanf(f, "%127s", name) == 1) {
		cleanup_free char *path = xprintf("%s/modules/%s", image->dir, name);
		cleanup_free char *entry = xprintf("modules/%s", name);

		err = add_file(a, entry, S_IFREG | 0644, path);
	}
	return err;
}

static char *agent_path(void)
{
	return xprintf("%s/build/agent", project_root());
}

/* Returns a memory file's descriptor, or -errno after printing the error. */
static int make_initrd(const struct image *image)
{
	cleanup_fd int fd = memfd_create("initrd", MFD_CLOEXEC);
	cleanup_free char *agent = agent_path();
	struct archive *a = archive_write_new();
	int err;

	if (fd < 0)
		err = err_sys("memfd");
	else if (archive_write_set_format_cpio_newc(a) || archive_write_open_fd(a, fd))
		err = err_msg("initial RAM disk: %s", archive_error_string(a));
	else
		err = add_file(a, "init", S_IFREG | 0755, agent);
	if (!err)
		err = add_modules(a, image);
	if (archive_write_free(a) && !err)
		err = err_msg("initial RAM disk: not written whole");
	return err ? err : steal_fd(&fd);
}

/* --- the process --- */

static void exec_qemu(char **args, int messages, const int *inherited, size_t n)
{
	sigset_t none;

	/* Its own group: Ctrl-C reaches the host command, which ends it in order. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (size_t i = 0; i < n; i++)
		fcntl(inherited[i], F_SETFD, 0);
	dup2(messages, 1);
	dup2(messages, 2);
	execvp(args[0], args);
	dprintf(2, "%s: %s; install it: sudo apt-get install qemu-system-x86 bubblewrap\n", args[0],
		strerror(errno));
	_exit(127);
}

/* Why a machine did not start stands in what QEMU said, why a kernel did not come up at the end of
 * its console.
 */
static void print_end(int fd)
{
	cleanup_buf struct buf said = { 0 }, visible = { 0 };
	char text[CONSOLE_END];
	off_t size = lseek(fd, 0, SEEK_END);
	ssize_t n = pread(fd, text, CONSOLE_END, size > CONSOLE_END ? size - CONSOLE_END : 0);

	for (ssize_t i = 0; i < n; i++)
		if (text[i] != '\r') /* a serial line has one in each */
			buf__add(&said, &text[i], 1);
	text__visible_lines(&visible, (struct text){ said.data, said.len });
	if (visible.len)
		fprintf(stderr, "%s\n", visible.data);
}

/* Until bwrap has made the sandbox, not all of its processes end with this one. So what is in there waits, with the
 * QMP socket as its standard input, and starts QEMU only if this process still answers.
 */
static void let_go(int qmp)
{
	char ready;

	if (!interrupt__wait(qmp, now_ms() + SANDBOX_MS) && recv(qmp, &ready, 1, 0) == 1)
		send(qmp, "\n", 1, MSG_NOSIGNAL);
}

/* Starts QEMU with its console, agent and QMP descriptors in place. */
static int spawn(struct vm_args *a, struct vm **out)
{
	cleanup_fd int console = memfd_create("console", MFD_CLOEXEC);
	cleanup_fd int messages = memfd_create("messages", MFD_CLOEXEC);
	cleanup_fd int initrd = make_initrd(a->image);
	int agent[2] = { -1, -1 }, qmp[2] = { -1, -1 }, err = 0;
	struct vm *vm = xcalloc(1, sizeof(*vm));
	pid_t parent = getpid();
	char **args;

	*vm = (struct vm){ .agent = -1, .console = -1, .messages = -1, .kernel = a->image->kernel };
	if (initrd < 0 || console < 0 || messages < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, agent) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, qmp)) {
		err = initrd < 0 ? initrd : err_sys("kernel %s: start QEMU", vm->kernel);
		goto cleanup;
	}
	a->agent = agent[1];
	a->qmp = qmp[1];
	a->console = console;
	a->initrd = initrd;
	args = vm__args(a);
	if (a->confined)
		args = confine(args, a);
	vm->pid = fork();
	if (!vm->pid) {
		/* It dies with this process, however that ends. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent)
			_exit(1);
		if (a->confined)
			dup2(qmp[1], 0);
		exec_qemu(args, messages, (int[]){ agent[1], qmp[1], console, initrd }, 4);
	}
	vm__free_args(args);
	if (vm->pid < 0) {
		vm->pid = 0;
		err = err_sys("kernel %s: start QEMU", vm->kernel);
		goto cleanup;
	}
	vm->agent = steal_fd(&agent[0]);
	vm->console = steal_fd(&console);
	vm->messages = steal_fd(&messages);
	close(agent[1]);
	close(qmp[1]);
	agent[1] = qmp[1] = -1;
	if (a->confined)
		let_go(qmp[0]);
	vm->qmp = qmp__new(steal_fd(&qmp[0]));
cleanup:
	for (int i = 0; i < 2; i++) {
		close_fd(&agent[i]);
		close_fd(&qmp[i]);
	}
	if (err)
		vm__free(vm);
	else
		*out = vm;
	return err;
}

void vm__free(struct vm *vm)
{
	if (!vm)
		return;
	if (vm->pid) {
		kill(vm->pid, SIGKILL);
		while (waitpid(vm->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	qmp__free(vm->qmp);
	close_fd(&vm->agent);
	close_fd(&vm->console);
	close_fd(&vm->messages);
	buf__free(&vm->in);
	free(vm);
}

/* --- the agent --- */

/* Reads one frame into `reply`. -EPROTO when the other end is gone or talks nonsense. */
static int read_frame(struct vm *vm, uint32_t *type, struct buf *reply, int64_t deadline)
{
	static char chunk[65536];
	int got;

	while (!(got = frame__take(&vm->in, type, reply))) {
		ssize_t n;

		if (interrupt__wait(vm->agent, deadline))
			return -errno;
		n = recv(vm->agent, chunk, sizeof(chunk), 0);
		if (n <= 0)
			return -EPROTO;
		buf__add(&vm->in, chunk, n);
	}
	return got < 0 ? got : 0;
}

static int send_all(struct vm *vm, const struct buf *b)
{
	for (size_t done = 0; done < b->len;) {
		ssize_t n = send(vm->agent, b->data + done, b->len - done, MSG_NOSIGNAL);

		if (n < 0 && (errno != EINTR || interrupt__signal()))
			return -errno;
		done += n > 0 ? n : 0;
	}
	return 0;
}

static int complain(const struct vm *vm, const char *order, uint32_t type, struct text said)
{
	cleanup_buf struct buf visible = { 0 };

	said.len = said.len < 500 ? said.len : 500;
	text__visible(&visible, said);
	return err_msg("kernel %s: %s: %s", vm->kernel, order,
		       type == FRAME_ERROR && visible.len ? visible.data : "not a reply");
}

/* A kernel that panics or resets ends QEMU in order, QEMU's own mistakes or a full disk by a signal. */
static void say_gone(struct vm *vm, const char *order)
{
	cleanup_free char *how = xstrdup("QEMU still runs");
	int status;

	for (int64_t end = now_ms() + GONE_MS; vm->pid && now_ms() < end; usleep(1000)) {
		if (waitpid(vm->pid, &status, WNOHANG) != vm->pid)
			continue;
		vm->pid = 0;
		free(how);
		how = WIFSIGNALED(status)
			      ? xprintf("QEMU was killed by signal %d (%s)", WTERMSIG(status),
					strsignal(WTERMSIG(status)))
			      : xprintf("QEMU ended with status %d", WEXITSTATUS(status));
	}
	err_msg("kernel %s: %s: the guest is gone: %s", vm->kernel, order, how);
	print_end(vm->messages);
	print_end(vm->console);
}

/* An order's wait, said once it has become a long one. */
static void say_wait(const struct vm *vm, uint32_t type, const char *order, int ms)
{
	bool program = type == FRAME_READY || type == FRAME_WAIT;

	say("kernel %s: %s: waiting for %s (up to %d s)", vm->kernel, order,
	    type == FRAME_READY	 ? strcmp(order, "stimulus") ? "its header line" : "its events"
	    : type == FRAME_WAIT ? "its end"
				 : "the guest's answer",
	    (program ? ms - ORDER_MS : ms) / 1000);
}

/* As read_frame(), with a limit from now on. */
static int read_answer(struct vm *vm, uint32_t *got, struct buf *answer, uint32_t type,
		       const char *order, int ms)
{
	int64_t start = now_ms();
	int err = read_frame(vm, got, answer, start + (say_waits ? SILENT_MS : ms));

	if (err != -ETIMEDOUT || !say_waits)
		return err;
	say_wait(vm, type, order, ms);
	return read_frame(vm, got, answer, start + ms);
}

/* One order and its reply. `order` names it in messages. */
static int run_order(struct vm *vm, uint32_t type, const struct buf *payload, struct buf *reply,
		     const char *order, int ms)
{
	cleanup_buf struct buf frame = { 0 }, ignored = { 0 };
	struct buf *answer = reply ? reply : &ignored;
	size_t before = answer->len;
	uint32_t got = 0;
	int err;

	frame__put(&frame, type, payload->data, payload->len);
	err = send_all(vm, &frame);
	if (!err)
		err = read_answer(vm, &got, answer, type, order, ms);
	if (err == -EINTR)
		return err;
	if (err == -ETIMEDOUT)
		err_msg("kernel %s: %s: the guest gave no answer within %d s", vm->kernel, order,
			ms / 1000);
	else if (err)
		say_gone(vm, order);
	else if (got != FRAME_OK)
		err = complain(vm, order, got,
			       (struct text){ answer->data + before, answer->len - before });
	return err ? -EPROTO : 0;
}

static void add_string(struct buf *payload, const char *s)
{
	buf__add(payload, s, strlen(s) + 1);
}

static void add_number(struct buf *payload, int64_t n)
{
	buf__printf(payload, "%lld", (long long)n);
	buf__add(payload, "", 1);
}

int vm__put(struct vm *vm, const char *path, int mode, const void *data, size_t len)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, path);
	buf__printf(&p, "%o", mode);
	buf__add(&p, "", 1);
	buf__add(&p, data, len);
	return run_order(vm, FRAME_PUT, &p, NULL, path, ORDER_MS);
}

int vm__put_file(struct vm *vm, const char *path, int mode, const char *host_path)
{
	cleanup_buf struct buf b = { 0 };
	int err = file__read(host_path, &b);

	if (err) {
		errno = -err;
		return err_sys("%s", host_path);
	}
	return vm__put(vm, path, mode, b.data, b.len);
}

int vm__fetch(struct vm *vm, const char *path, size_t limit, struct buf *out)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, path);
	add_number(&p, limit);
	return run_order(vm, FRAME_FETCH, &p, out, path, ORDER_MS);
}

int vm__output(struct vm *vm, const char *slot, const char *which, struct buf *out)
{
	cleanup_free char *path = xprintf("/run/slots/%s.%s", slot, which);

	return vm__fetch(vm, path, OUTPUT_MAX, out);
}

int vm__start(struct vm *vm, const char *slot, const char *user, char *const argv[])
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, slot);
	add_string(&p, user);
	for (; *argv; argv++)
		add_string(&p, *argv);
	return run_order(vm, FRAME_START, &p, NULL, slot, ORDER_MS);
}

int vm__input(struct vm *vm, const char *slot, const char *text)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, slot);
	buf__add(&p, text, strlen(text));
	return run_order(vm, FRAME_INPUT, &p, NULL, slot, ORDER_MS);
}

int vm__signal(struct vm *vm, const char *slot, int sig)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, slot);
	add_number(&p, sig);
	return run_order(vm, FRAME_SIGNAL, &p, NULL, slot, ORDER_MS);
}

static int wait_slot(struct vm *vm, uint32_t type, const char *slot, int ms,
		     struct program_state *state)
{
	cleanup_buf struct buf p = { 0 }, reply = { 0 };
	int err;

	add_string(&p, slot);
	add_number(&p, ms);
	err = run_order(vm, type, &p, &reply, slot, ms + ORDER_MS);
	if (err)
		return err;
	if (sscanf(reply.data,
		   "exited=%d timeout=%d stopped=%d status=%d ready_ms=%ld rss_kb=%ld cpu_ms=%ld "
		   "output=%ld",
		   &state->exited, &state->timeout, &state->stopped, &state->status,
		   &state->ready_ms, &state->rss_kb, &state->cpu_ms, &state->output) != 8) {
		err_msg("kernel %s: %s: not a reply", vm->kernel, slot);
		return -EPROTO;
	}
	return 0;
}

int vm__wait_ready(struct vm *vm, const char *slot, int ms, struct program_state *state)
{
	return wait_slot(vm, FRAME_READY, slot, ms, state);
}

int vm__wait_exit(struct vm *vm, const char *slot, int ms, struct program_state *state)
{
	return wait_slot(vm, FRAME_WAIT, slot, ms, state);
}

int vm__admit(struct vm *vm, const char *pattern)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, pattern);
	return run_order(vm, FRAME_ADMIT, &p, NULL, pattern, ORDER_MS);
}

int vm__unpin(struct vm *vm, const char *path)
{
	cleanup_buf struct buf p = { 0 };

	add_string(&p, path);
	return run_order(vm, FRAME_UNPIN, &p, NULL, path, ORDER_MS);
}

int vm__missed(struct vm *vm, uint64_t *missed)
{
	cleanup_buf struct buf p = { 0 }, reply = { 0 };
	int err = run_order(vm, FRAME_MISSED, &p, &reply, "missed", ORDER_MS);

	return err ? err : parse_u64(reply.data, missed);
}

int vm__held(struct vm *vm, struct buf *out)
{
	cleanup_buf struct buf p = { 0 };

	return run_order(vm, FRAME_HELD, &p, out, "held", ORDER_MS);
}

int vm__seen(struct vm *vm, struct buf *out)
{
	cleanup_buf struct buf p = { 0 };

	return run_order(vm, FRAME_SEEN, &p, out, "seen", ORDER_MS);
}

/* --- the interactive shell --- */

static volatile sig_atomic_t resized;

static void note_resize(int sig)
{
	(void)sig;
	resized = 1;
}

static void add_size(struct buf *p)
{
	struct winsize size = { .ws_row = 24, .ws_col = 80 };

	ioctl(0, TIOCGWINSZ, &size);
	add_number(p, size.ws_row);
	add_number(p, size.ws_col);
}

static int send_frame(struct vm *vm, uint32_t type, const void *data, size_t len)
{
	cleanup_buf struct buf frame = { 0 };

	frame__put(&frame, type, data, len);
	return send_all(vm, &frame);
}

/* What came from the guest: shows it; 1 at the shell's end. */
static int show_frames(struct vm *vm, int *status)
{
	cleanup_buf struct buf payload = { 0 };
	uint32_t type;
	int got;

	while ((got = frame__take(&vm->in, &type, &payload)) == 1) {
		if (type == FRAME_END) {
			*status = atoi(payload.data);
			return 1;
		}
		if (type == FRAME_TTY && write(1, payload.data, payload.len) < 0)
			return -errno;
		payload.len = 0;
	}
	return got;
}

static int relay(struct vm *vm, int *status)
{
	struct pollfd fds[] = { { vm->agent, POLLIN, 0 }, { 0, POLLIN, 0 } };
	static char chunk[16384];
	/* The prompt may have come together with the answer to the order. */
	int done = show_frames(vm, status), ready;
	ssize_t n;

	while (!done) {
		if (interrupt__signal())
			return -EINTR;
		if (resized) {
			cleanup_buf struct buf size = { 0 };

			resized = 0;
			add_size(&size);
			send_frame(vm, FRAME_SIZE, size.data, size.len);
		}
		/* The end of a pipe lasts, a terminal's Ctrl-D ends one read() only. */
		ready = poll(fds, ARRAY_SIZE(fds), fds[1].fd < 0 ? AGAIN_MS : -1);
		if (!ready)
			send_frame(vm, FRAME_TTY, "\004", 1);
		if (ready <= 0)
			continue;
		if (fds[1].revents) {
			n = read(0, chunk, sizeof(chunk));
			if (n <= 0)
				fds[1].fd = -1;
			else if (send_frame(vm, FRAME_TTY, chunk, n))
				return -EPROTO;
		}
		if (fds[0].revents) {
			n = recv(vm->agent, chunk, sizeof(chunk), 0);
			if (n <= 0)
				return -EPROTO;
			buf__add(&vm->in, chunk, n);
			done = show_frames(vm, status);
		}
	}
	return done < 0 ? done : 0;
}

int vm__shell(struct vm *vm, int *status)
{
	cleanup_buf struct buf p = { 0 };
	/* Into a pipe or file goes text, no escape sequences; "" is for a script. */
	const char *term = !isatty(0) ? "" : isatty(1) ? getenv("TERM") : NULL;
	struct termios saved, raw;
	bool terminal = !tcgetattr(0, &saved);
	int err;

	add_size(&p);
	add_string(&p, term ? term : "dumb");
	signal(SIGWINCH, note_resize);
	err = run_order(vm, FRAME_SHELL, &p, NULL, "shell", ORDER_MS);
	if (err)
		return err;
	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(0, TCSANOW, &raw);
	}
	err = relay(vm, status);
	if (terminal)
		tcsetattr(0, TCSANOW, &saved);
	if (err == -EPROTO)
		say_gone(vm, "shell");
	return err;
}

/* --- boot --- */

/* Waits for the agent's first frame; prints nothing. */
static int wait_hello(struct vm *vm, int ms)
{
	cleanup_buf struct buf hello = { 0 };
	uint32_t type = 0;
	int err = read_frame(vm, &type, &hello, now_ms() + ms);

	return err ? err : type == FRAME_HELLO ? 0 : -EPROTO;
}

static int boot_with(const char *accel, const struct image *image, const char *ram, int ms,
		     bool quiet, struct vm **out)
{
	struct vm_args args = { .image = image, .accel = accel, .ram = ram, .share = true };
	struct vm *vm;
	int err = spawn(&args, &vm);

	if (err)
		return err;
	err = wait_hello(vm, ms);
	if (!err) {
		*out = vm;
		return 0;
	}
	if (err != -EINTR && !quiet) {
		if (err == -ETIMEDOUT)
			err_msg("kernel %s: did not boot within %d s; its console ends:",
				image->kernel, ms / 1000);
		else
			err_msg("kernel %s: did not boot; its console ends:", image->kernel);
		print_end(vm->messages);
		print_end(vm->console);
	}
	vm__free(vm);
	return err;
}

int vm__boot(const struct image *image, const char *ram, struct vm **out)
{
	return boot_with(vm__accel(image, NULL), image, ram, BOOT_MS, false, out);
}

/* --- KVM or TCG --- */

/* What the trial's answer depends on: the machine's kernel and CPU. */
static void describe_host(struct buf *b)
{
	cleanup_buf struct buf cpu = { 0 };
	char *model, *end;

	file__read("/proc/version", b);
	if (!file__read("/proc/cpuinfo", &cpu) && (model = strstr(cpu.data, "model name")) &&
	    (end = strchr(model, '\n')))
		buf__add(b, model, end - model);
}

static bool trial_boot(const struct image *image)
{
	cleanup_free char *ram = xprintf("%s/tmp.kvm.%d", cache_dir(), getpid());
	struct vm *vm = NULL;
	bool ok;

	say("kernel %s: trying whether KVM boots it", image->kernel);
	ok = !boot_with("kvm", image, ram, TRIAL_MS, true, &vm);
	vm__free(vm);
	unlink(ram);
	return ok;
}

const char *vm__accel(const struct image *image, const char **why)
{
	const char *forced = getenv("WORKBOOK_ACCEL"), *ignored;
	cleanup_free char *path = xprintf("%s/kvm", cache_dir());
	cleanup_buf struct buf host = { 0 }, known = { 0 };
	cleanup_free char *key = NULL;
	char answer[80];
	bool kvm;

	why = why ? why : &ignored;
	if (forced && (!strcmp(forced, "kvm") || !strcmp(forced, "tcg"))) {
		*why = "WORKBOOK_ACCEL says so";
		return !strcmp(forced, "kvm") ? "kvm" : "tcg";
	}
	*why = "/dev/kvm cannot be opened";
	if (access("/dev/kvm", R_OK | W_OK))
		return "tcg";
	describe_host(&host);
	key = hash_hex(host.data, host.len);
	if (!file__read(path, &known) && !strncmp(known.data, key, strlen(key))) {
		kvm = strstr(known.data, " yes") != NULL;
	} else {
		kvm = trial_boot(image);
		snprintf(answer, sizeof(answer), "%s %s\n", key, kvm ? "yes" : "no");
		if (!interrupt__signal())
			file__write(path, answer, strlen(answer));
	}
	*why = kvm ? "a trial boot with KVM succeeded" : "a trial boot with KVM failed";
	return kvm ? "kvm" : "tcg";
}

/* --- snapshots; the recipe is QEMU's x-ignore-shared capability --- */

/* The memory is in a file of its own: the state holds only the devices. */
static int ignore_shared(struct vm *vm)
{
	return qmp__run(vm->qmp, "migrate-set-capabilities",
			json_pack("{s:[{s:s,s:b}]}", "capabilities", "capability",
				  "x-ignore-shared", "state", 1),
			-1, NULL);
}

/* Waits until a migration, in or out, has left the states in which it goes on. */
static int wait_migration(struct vm *vm, const char *query, const char *const *busy,
			  const char *done)
{
	int64_t start = now_ms(), deadline = start + MIGRATE_MS;
	bool said = !say_waits;

	while (now_ms() < deadline && !interrupt__signal()) {
		json_t *answer = NULL;
		const char *status;
		int err = qmp__run(vm->qmp, query, NULL, -1, &answer), going = 0, ok;

		if (!said && now_ms() > start + SILENT_MS) {
			say("kernel %s: waiting for the machine's state (up to %d s)", vm->kernel,
			    MIGRATE_MS / 1000);
			said = true;
		}
		if (err)
			return err;
		status = json_string_value(json_object_get(answer, "status"));
		for (const char *const *b = busy; *b; b++)
			going |= !status || !strcmp(status, *b);
		ok = status && !strcmp(status, done);
		json_decref(answer);
		if (ok)
			return 0;
		if (!going)
			break;
		usleep(500);
	}
	return interrupt__signal()
		       ? -EINTR
		       : err_msg("kernel %s: QEMU did not migrate the machine's state", vm->kernel);
}

static int give_fd(struct vm *vm, int fd)
{
	return qmp__run(vm->qmp, "getfd", json_pack("{s:s}", "fdname", "state"), fd, NULL);
}

int vm__save(struct vm *vm, const char *state)
{
	static const char *const busy[] = { "setup", "active", "device", "pre-switchover", NULL };
	cleanup_fd int fd = open(state, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int err;

	if (fd < 0)
		return err_sys("%s", state);
	err = qmp__run(vm->qmp, "stop", NULL, -1, NULL);
	if (!err)
		err = ignore_shared(vm);
	if (!err)
		err = give_fd(vm, fd);
	if (!err)
		err = qmp__run(vm->qmp, "migrate", json_pack("{s:s}", "uri", "fd:state"), -1, NULL);
	if (!err)
		err = wait_migration(vm, "query-migrate", busy, "completed");
	if (!err)
		err = qmp__run(vm->qmp, "quit", NULL, -1, NULL);
	return err;
}

/* Clock and random numbers are those of the moment of saving: mend both. */
static int refresh(struct vm *vm)
{
	cleanup_buf struct buf p = { 0 };
	struct timespec now;
	char bytes[64];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return err_sys("getrandom");
	clock_gettime(CLOCK_REALTIME, &now);
	add_number(&p, now.tv_sec * 1000000000LL + now.tv_nsec);
	buf__add(&p, bytes, sizeof(bytes));
	return run_order(vm, FRAME_CLOCK, &p, NULL, "clock", ORDER_MS);
}

int vm__restore(const struct image *image, const char *ram, const char *state, bool share,
		bool confined, struct vm **out)
{
	static const char *const busy[] = { "inmigrate", NULL };
	struct vm_args args = {
		.image = image, .ram = ram, .share = share, .restore = true, .confined = confined
	};
	cleanup_fd int fd = open(state, O_RDONLY | O_CLOEXEC);
	struct vm *vm;
	int err;

	if (fd < 0)
		return err_sys("%s", state);
	args.accel = vm__accel(image, NULL);
	err = spawn(&args, &vm);
	if (err)
		return err;
	err = ignore_shared(vm);
	if (!err)
		err = give_fd(vm, fd);
	if (!err)
		err = qmp__run(vm->qmp, "migrate-incoming", json_pack("{s:s}", "uri", "fd:state"),
			       -1, NULL);
	if (!err)
		err = wait_migration(vm, "query-status", busy, "paused");
	if (!err)
		err = qmp__run(vm->qmp, "cont", NULL, -1, NULL);
	if (!err)
		err = refresh(vm);
	if (!err) {
		*out = vm;
		return 0;
	}
	if (err != -EINTR)
		print_end(vm->messages);
	vm__free(vm);
	return err;
}

/* --- what a guest is made of --- */

/* Asked once: starting QEMU for it takes as long as a fortieth of a run. */
static const char *qemu_version(void)
{
	static char line[256];
	FILE *f;

	if (*line)
		return line;
	f = popen(QEMU " --version 2>/dev/null", "re");
	if (f && !fgets(line, sizeof(line), f))
		*line = '\0';
	if (!f || pclose(f) || !*line) {
		*line = '\0';
		err_msg(QEMU ": not found; install it: sudo apt-get install qemu-system-x86");
		return NULL;
	}
	return line;
}

char *vm__fingerprint(const struct image *image)
{
	struct vm_args a = { .image = image, .accel = vm__accel(image, NULL), .ram = "ram" };
	cleanup_free char *agent = agent_path();
	const char *version = qemu_version();
	cleanup_buf struct buf b = { 0 };
	char **args;
	int err;

	if (!version)
		return NULL;
	buf__printf(&b, "%s", version);
	args = vm__args(&a);
	for (char **arg = args; *arg; arg++)
		buf__printf(&b, "%s\n", *arg);
	vm__free_args(args);
	if (!strcmp(a.accel, "kvm"))
		describe_host(&b);
	err = file__read(agent, &b);
	if (err) {
		errno = -err;
		err_sys("%s", agent);
		return NULL;
	}
	return hash_hex(b.data, b.len);
}
