/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef FRAME_H
#define FRAME_H

#include "util.h"

/* The wire between the host command and the guest's agent: length-prefixed frames over a virtio
 * serial port, one reply to each order. An order's payload is NUL-terminated strings, then bytes.
 * Both ends run on the same machine, so numbers are in its byte order.
 */
enum frame_type {
	FRAME_HELLO = 1, /* agent to host, once: "RELEASE\0" */
	FRAME_OK,	 /* reply: what the order says */
	FRAME_ERROR,	 /* reply: why not, as text */

	FRAME_PUT,    /* path, mode (octal), bytes: writes a file */
	FRAME_FETCH,  /* path, limit in bytes: replies with the file, cut at the limit */
	FRAME_START,  /* slot, user ("root" or capability mask in hex), argv...: starts a program */
	FRAME_INPUT,  /* slot, bytes: to the program's standard input */
	FRAME_READY,  /* slot, ms: waits for the first line; replies with the slot's state */
	FRAME_SIGNAL, /* slot, number */
	FRAME_WAIT,   /* slot, ms: waits for the end; replies with the slot's state */
	FRAME_ADMIT,  /* pattern of paths: lets the programs without root see the files */
	FRAME_UNPIN,  /* path: removes the pins in a folder */
	FRAME_HELD, /* replies with what the kernel holds since the last of them started, see held.h */
	FRAME_MISSED, /* replies with how often the kernel has skipped a program so far */
	FRAME_SEEN, /* replies with the programs that it had since then, also those that are gone */
	FRAME_CLOCK, /* nanoseconds since the epoch, bytes: sets the clock, adds entropy */
	FRAME_SHELL, /* rows, columns, TERM ("": reads a script): a shell; until its FRAME_END only the next three */
	FRAME_TTY,  /* bytes typed, bytes shown */
	FRAME_SIZE, /* rows, columns: the terminal's new size */
	FRAME_END,  /* agent to host: status of wait() */
};

/* Largest payload, in bytes; a longer frame is the other end's fault. */
#define FRAME_MAX (16 << 20)

/* A program's output beyond this many bytes ends it. */
#define OUTPUT_MAX (8 << 20)

struct frame_header {
	uint32_t magic;
	uint32_t type;
	uint32_t len;
};

#define FRAME_MAGIC 0x4b4f4f42 /* "BOOK" */

/* Takes the next frame off the front of `in`, which holds what was read so far. Returns 1 with
 * `*type` and the payload appended to `out`, 0 when more bytes are needed, -EPROTO for what is no
 * frame (wrong magic, too long).
 */
int frame__take(struct buf *in, uint32_t *type, struct buf *out);

/* Appends a frame's bytes to `out`. */
void frame__put(struct buf *out, uint32_t type, const void *payload, size_t len);

/* Cursor over a payload: hands out its strings and what is behind them. */
struct payload {
	const char *data;
	size_t len;
};

/* Next NUL-terminated string, or NULL when there is none. Points into the payload. */
const char *payload__string(struct payload *p);
/* As above, read as a number; -1 when there is none. */
int64_t payload__number(struct payload *p);

#endif
