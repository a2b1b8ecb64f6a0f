// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "interrupt.h"
#include "proc.h"

int proc__memory_file(const void *data, size_t len)
{
	cleanup_fd int fd = memfd_create("data", 0);

	if (fd < 0 || write(fd, data, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET))
		return err_sys("memory file");
	return steal_fd(&fd);
}

static void exec_child(const char *const argv[], int out, int err, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	signal(SIGPIPE, SIG_DFL);
	dup2(null, 0);
	if (out >= 0)
		dup2(out, 1);
	if (err >= 0)
		dup2(err, 2);
	execvp(argv[0], (char **)argv);
	dprintf(2, "workbook: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Waits for the child's end, or ends it. */
static int wait_child(pid_t pid, int64_t deadline)
{
	cleanup_fd int pidfd = syscall(SYS_pidfd_open, pid, 0);
	int status = 0, err = 0;

	if (pidfd < 0 || interrupt__wait(pidfd, deadline))
		err = -errno;
	if (err)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	kill(-pid, SIGKILL); /* what the child left behind */
	if (err)
		return err;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void read_back(int fd, struct buf *into)
{
	cleanup_free char *path = xprintf("/proc/self/fd/%d", fd);

	if (into)
		file__read(path, into);
}

int proc__run(const char *const argv[], struct buf *out, struct buf *err, int ms)
{
	cleanup_fd int out_fd = memfd_create("stdout", MFD_CLOEXEC);
	cleanup_fd int err_fd = memfd_create("stderr", MFD_CLOEXEC);
	pid_t pid, parent = getpid();
	int result;

	if (out_fd < 0 || err_fd < 0)
		return err_sys("%s", argv[0]);
	pid = fork();
	if (!pid)
		exec_child(argv, out ? out_fd : -1, err ? err_fd : -1, parent);
	if (pid < 0)
		return err_sys("%s", argv[0]);
	setpgid(pid, pid);
	result = wait_child(pid, now_ms() + ms);
	read_back(out_fd, out);
	read_back(err_fd, err);
	return result;
}
