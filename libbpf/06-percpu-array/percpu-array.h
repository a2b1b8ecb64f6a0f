/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PERCPU_ARRAY_H
#define PERCPU_ARRAY_H

/* --- types --- */
enum call { CALL_READ, CALL_WRITE, CALL_OPENAT, CALL_CLOSE, NR_CALLS };

#endif
