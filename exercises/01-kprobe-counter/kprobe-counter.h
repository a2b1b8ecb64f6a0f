/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef KPROBE_COUNTER_H
#define KPROBE_COUNTER_H

/* --- types --- */
#define MAX_ROWS 10240

/* TODO: what makes two calls belong to the same row? Both sides of the tool need that type. */

#endif
