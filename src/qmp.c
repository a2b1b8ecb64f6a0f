// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "interrupt.h"
#include "qmp.h"

#define ANSWER_MS 30000

struct qmp {
	int fd;
	bool negotiated;
	struct buf in;
};

void qmp__free(struct qmp *q)
{
	if (!q)
		return;
	close(q->fd);
	buf__free(&q->in);
	free(q);
}

/* Next line as an object of the caller's, NULL with errno set when there is none in time. */
static json_t *read_object(struct qmp *q, int64_t deadline)
{
	char chunk[4096], *newline;
	json_t *object;

	while (!q->in.len || !(newline = memchr(q->in.data, '\n', q->in.len))) {
		ssize_t n = interrupt__wait(q->fd, deadline);

		if (!n)
			n = recv(q->fd, chunk, sizeof(chunk), 0);
		if (n <= 0) {
			errno = n ? errno : EPIPE;
			return NULL;
		}
		buf__add(&q->in, chunk, n);
	}
	object = json_loadb(q->in.data, newline - q->in.data, 0, NULL);
	q->in.len -= newline + 1 - q->in.data;
	memmove(q->in.data, newline + 1, q->in.len);
	errno = EPROTO;
	return object;
}

static int send_line(struct qmp *q, const char *text, int send_fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (char *)text, strlen(text) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (send_fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &send_fd, sizeof(int));
	}
	return sendmsg(q->fd, &msg, MSG_NOSIGNAL) == (ssize_t)iov.iov_len ? 0 : -1;
}

/* Reads the greeting and answers it, once: before that QEMU takes no other command. */
static int negotiate(struct qmp *q)
{
	json_t *greeting;

	if (q->negotiated)
		return 0;
	greeting = read_object(q, now_ms() + ANSWER_MS);
	if (!greeting)
		return errno == EINTR ? -EINTR : err_sys("qemu: no greeting");
	json_decref(greeting);
	q->negotiated = true;
	return qmp__run(q, "qmp_capabilities", NULL, -1, NULL);
}

int qmp__run(struct qmp *q, const char *command, json_t *arguments, int send_fd, json_t **answer)
{
	json_t *order = json_pack("{s:s, s:o*}", "execute", command, "arguments", arguments);
	cleanup_free char *text = json_dumps(order, JSON_COMPACT);
	int64_t deadline = now_ms() + ANSWER_MS;
	json_t *object, *result = NULL;
	int err = negotiate(q);

	json_decref(order);
	if (err)
		return err;
	if (!text || send_line(q, text, send_fd))
		return err_sys("qemu: %s", command);
	while (!result && !err) {
		object = read_object(q, deadline);
		if (!object)
			return errno == EINTR ? -EINTR : err_sys("qemu: %s", command);
		result = json_incref(json_object_get(object, "return"));
		if (json_object_get(object, "error")) {
			const char *why = json_string_value(
				json_object_get(json_object_get(object, "error"), "desc"));

			err = err_msg("qemu: %s: %s", command, why ? why : "failed");
		}
		json_decref(object);
	}
	if (answer)
		*answer = result;
	else
		json_decref(result);
	return err;
}

struct qmp *qmp__new(int fd)
{
	struct qmp *q = xcalloc(1, sizeof(*q));

	q->fd = fd;
	return q;
}
