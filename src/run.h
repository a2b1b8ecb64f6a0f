/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef RUN_H
#define RUN_H

#include "snapshot.h"
#include "text.h"

/* How a run ended. Everything but OUT_SETUP is about the libbpf program. */
enum outcome {
	OUT_MATCH,
	OUT_MISMATCH,
	OUT_LOAD,   /* the kernel refused the program, or it ended while it was loading */
	OUT_ATTACH, /* it ended before its header line for another reason */
	OUT_READY,  /* no header line in time */
	OUT_FLOOD,  /* more output than is allowed */
	OUT_CRASH,  /* ended by a signal */
	OUT_HANG,   /* did not end on SIGINT */
	OUT_EXIT,   /* exit status not 0 */
	OUT_LOST,   /* events lost, and rows missing */
	OUT_LEFT,   /* something it made is still there after its end */
	OUT_TAMPER, /* what ran is not what was handed in */
	OUT_SETUP,  /* the BCC prototype, the stimulus or the guest failed */
};
const char *outcome__name(enum outcome o);

/* The parts of a run that are timed, in their order. */
enum phase {
	PHASE_RESTORE,
	PHASE_PUT, /* the program into the guest */
	PHASE_ATTACH,
	PHASE_STIMULUS,
	PHASE_END, /* of both tools, their rows, the verdict */
	NR_PHASES,
};
const char *phase__name(enum phase p);

/* One tool's side of a run. */
struct tool_run {
	struct program_state state;
	long lost; /* events it says it lost */
	struct buf out, err;
};

struct run {
	enum outcome outcome;
	char *why; /* one sentence, NULL after OUT_MATCH and OUT_MISMATCH */
	bool late; /* BCC or the stimulus did not end in time, and nobody stopped it */
	struct tool_run bcc, libbpf;
	struct buf truth;
	struct buf judged; /* what the judge printed, see report.h */
	struct buf
		left; /* what the kernel still holds after the libbpf program's end, see held.h */
	uint64_t missed; /* how often the kernel skipped a BPF program while there were events */
	int64_t phase_ms[NR_PHASES];
};

/* What is run beside the snapshot's BCC prototype. */
struct run_program {
	const char *binary;    /* path on the host; NULL: BCC and the stimulus run alone */
	const char *facts;     /* rows of build__facts() */
	uint64_t capabilities; /* mask */
	uint64_t seed;
	const struct strings *files; /* patterns of files of the guest that it may see besides */
	const char *pins;	     /* folder in which it is to leave pins, or NULL */
	const char *tags; /* of the programs that its object holds, see declared.h; NULL: any */
	const struct strings *programs; /* patterns of sections that they may have, none: any */
	bool confined;			/* nobody trusts it, see vm__restore() */
};

/* Restores the snapshot, runs the program beside BCC over the seeded stimulus and has the unit's test
 * judge what they printed. `*out` is valid after 0, the caller's to run__clear(); -errno after printing
 * the error when the host failed.
 */
int run__program(const struct snapshot *s, const struct snapshot_source *source,
		 const struct run_program *program, struct run *out);
void run__clear(struct run *r);

/* A seed that no earlier run had. */
uint64_t run__new_seed(void);

#endif
