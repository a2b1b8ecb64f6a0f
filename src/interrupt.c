// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "interrupt.h"
#include "util.h"

static volatile sig_atomic_t caught;
static int wake[2] = { -1, -1 };

static void catch (int sig)
{
	int saved = errno;

	/* The pipe stays readable, so a signal just before a poll() is not missed. */
	caught = sig;
	if (write(wake[1], "", 1) < 0)
		errno = saved;
	errno = saved;
}

void interrupt__install(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction sa = { .sa_handler = catch };

	if (pipe2(wake, O_CLOEXEC | O_NONBLOCK))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int interrupt__signal(void)
{
	return caught;
}

int interrupt__wait_any(const int *fds, size_t n, int64_t deadline)
{
	struct pollfd polled[65];

	for (size_t i = 0; i < n; i++)
		polled[i] = (struct pollfd){ fds[i], POLLIN, 0 };
	polled[n] = (struct pollfd){ wake[0], POLLIN, 0 };
	for (;;) {
		int64_t left = deadline - now_ms();

		if (caught || left <= 0) {
			errno = caught ? EINTR : ETIMEDOUT;
			return -1;
		}
		poll(polled, n + 1, left < 60000 ? left : 60000);
		for (size_t i = 0; i < n; i++)
			if (polled[i].revents)
				return 0;
	}
}

int interrupt__wait(int fd, int64_t deadline)
{
	return interrupt__wait_any(&fd, 1, deadline);
}
