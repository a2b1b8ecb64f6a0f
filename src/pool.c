// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "command.h"
#include "interrupt.h"
#include "pool.h"

#define END_MS 10000 /* for children to clean up after an interrupt */

struct child {
	pid_t pid; /* 0: not started, -1: ended */
	int out, pidfd, code;
	bool handed;
};

static void start_child(const struct pool *p, struct child *c, size_t i)
{
	pid_t parent = getpid();

	c->out = memfd_create("output", MFD_CLOEXEC);
	fflush(NULL);
	c->pid = fork();
	if (!c->pid) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent || dup2(c->out, 1) < 0)
			_exit(EXIT_SETUP);
		interrupt__install();
		c->code = p->job(p->ctx, i);
		_exit(fflush(stdout) ? EXIT_SETUP : c->code);
	}
	c->pidfd = c->pid > 0 ? (int)syscall(SYS_pidfd_open, c->pid, 0) : -1;
}

static void collect_child(struct child *c)
{
	int status;

	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	close_fd(&c->pidfd);
	c->pid = -1;
	c->code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SETUP;
}

static void hand_out(const struct pool *p, struct child *c, size_t i)
{
	cleanup_free char *path = xprintf("/proc/self/fd/%d", c->out);
	cleanup_buf struct buf printed = { 0 };

	buf__add(&printed, "", 0);
	file__read(path, &printed);
	close_fd(&c->out);
	c->handed = true;
	p->done(p->ctx, i, c->code, &printed);
}

/* Waits until one of the running children has ended. */
static int wait_any(struct child *children, size_t n)
{
	int fds[POOL_MAX] = { 0 };
	size_t running[POOL_MAX], count = 0;

	for (size_t i = 0; i < n && count < ARRAY_SIZE(fds); i++) {
		if (children[i].pid <= 0)
			continue;
		running[count] = i;
		fds[count++] = children[i].pidfd;
	}
	if (interrupt__wait_any(fds, count, INT64_MAX))
		return -errno;
	for (size_t i = 0; i < count; i++)
		if (!interrupt__wait(fds[i], now_ms() + 1))
			collect_child(&children[running[i]]);
	return 0;
}

/* The children unwind by themselves; who does not is killed. */
static void end_children(struct child *children, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (children[i].pid > 0)
			kill(children[i].pid, SIGTERM);
	for (int64_t end = now_ms() + END_MS; now_ms() < end; usleep(5000)) {
		size_t left = 0;

		for (size_t i = 0; i < n; i++)
			if (children[i].pid > 0 && !waitpid(children[i].pid, NULL, WNOHANG))
				left++;
			else
				children[i].pid = -1;
		if (!left)
			return;
	}
	for (size_t i = 0; i < n; i++)
		if (children[i].pid > 0)
			kill(children[i].pid, SIGKILL);
}

int pool__run(const struct pool *p, size_t n, size_t width)
{
	cleanup_free struct child *children = xcalloc(n, sizeof(*children));
	size_t started = 0, running = 0, handed = 0;
	int err = 0;

	if (!width)
		width = sysconf(_SC_NPROCESSORS_ONLN);
	while (handed < n && !err) {
		for (; running < width && started < n; running++, started++)
			start_child(p, &children[started], started);
		err = wait_any(children, started);
		running = 0;
		for (size_t i = 0; i < started; i++)
			running += children[i].pid > 0;
		for (size_t i = handed; i < started && (p->as_they_end || children[i].pid < 0); i++)
			if (children[i].pid < 0 && !children[i].handed)
				hand_out(p, &children[i], i);
		while (handed < started && children[handed].handed)
			handed++;
	}
	if (err)
		end_children(children, started);
	return err;
}
