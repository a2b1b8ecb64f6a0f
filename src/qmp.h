/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef QMP_H
#define QMP_H

#include <jansson.h>
#include "util.h"

/* QEMU's machine protocol: a JSON object a line each way. Format: docs/interop/qmp-spec of QEMU. */
struct qmp;

/* Takes over `fd`, a connected stream socket; the first command reads the greeting and negotiates. */
struct qmp *qmp__new(int fd);
void qmp__free(struct qmp *q);

/* Runs a command and waits for its answer, at most 30 s. `arguments` may be NULL and is taken over;
 * `send_fd` goes along with the command when it is not -1. `*answer` (may be NULL) is the caller's
 * to json_decref(). Returns 0 or -errno after printing QEMU's error.
 */
int qmp__run(struct qmp *q, const char *command, json_t *arguments, int send_fd, json_t **answer);

#endif
