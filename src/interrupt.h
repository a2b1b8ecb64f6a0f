/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef INTERRUPT_H
#define INTERRUPT_H

#include <stddef.h>
#include <stdint.h>

/* SIGINT, SIGTERM and SIGHUP end a command by unwinding it, so that nothing it made stays behind:
 * they make every wait below return -1 with errno EINTR. A forked child calls it again.
 */
void interrupt__install(void);

/* The signal that came, 0 before one did. */
int interrupt__signal(void);

/* Waits until `fd` can be read. Returns 0, or -1 with errno EINTR (interrupted) or ETIMEDOUT
 * (`deadline`, in now_ms() time, has passed).
 */
int interrupt__wait(int fd, int64_t deadline);
/* The same for any of `n` (at most 64) descriptors. */
int interrupt__wait_any(const int *fds, size_t n, int64_t deadline);

#endif
