/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef HARNESS_H
#define HARNESS_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "../src/rows.h"

/* The main program of every tests/NN-topic.c, which defines the unit's two cases:
 *
 *	const struct test_case pair = {
 *		.columns = "PID COMM COUNT",
 *		.own = "PID",
 *		.run = run,
 *		.needs = { { "program * section=ksyscall/clone type=kprobe *", "a ksyscall program" } },
 *	};
 *
 * In the guest the program is the stimulus: setup() runs before the tools start, run() once both
 * have attached. What stim__*() prints is kept until the tools have ended, in memory that is there from the
 * start, so that none of it makes system calls or page faults among the events. Never use stdout:
 * it is stderr during setup() and run(), for children too.
 */
struct stim;

struct test_case {
	const char *columns; /* "PID COMM COUNT"; the last one takes the rest of the line */
	const char *own;     /* column that tells whose row it is; NULL: all are the stimulus's */
	const char *mask;    /* columns not compared (times), blank separated, or NULL */
	const char *sum;     /* columns added up per equal rest before comparing, or NULL */
	bool ordered;	     /* compared in order (of equal own value), else as a multiset */
	/* For samples: a sum may be `off` + `percent` of the truth's away from the latter. A row whose
	 * rest the truth lacks, of sums up to `off`, is nobody's.
	 */
	unsigned off, percent;
	void (*setup)(struct stim *stim); /* may be NULL; may call stim__arg(), not stim__rand() */
	void (*run)(struct stim *stim);
	struct need needs[8]; /* what the built object must contain, see struct need in rows.h */
};

extern const struct test_case pair, exercise;

/* A number in 0 .. below - 1, the same for the same seed. */
uint64_t stim__rand(struct stim *stim, uint64_t below);

/* In setup(): an argument that `tool`, "bcc" or "libbpf", is started with. */
void stim__arg(struct stim *stim, const char *tool, const char *fmt, ...) __printf(3, 4);

/* Rows with this value in the own column belong to the stimulus; values that only a mistaken
 * program would print (thread IDs, say) may be named as well. In setup() or run(), in any order.
 */
void stim__own(struct stim *stim, long value);

/* A row that must be observed, its columns separated by blanks. After stim__mistake(): a row that
 * a program making that mistake would print.
 */
void stim__row(struct stim *stim, const char *fmt, ...) __printf(2, 3);

/* Rows that follow belong to the mistake that the sentence tells the learner: "threads are counted
 * as processes: the process's ID is in the upper half of bpf_get_current_pid_tgid()". The same
 * sentence again goes on with its rows, NULL goes back to the rows of the truth, so that one loop
 * can print both. A mistake without rows is that of a program that prints none.
 */
void stim__mistake(struct stim *stim, const char *sentence);

/* What the libbpf program did wrong that no row can show: a frame that it spoiled, something left
 * behind. The check fails with this sentence; of several, the first counts. Only in run(). Whatever the
 * prototype does wrong is no fault but a reason for stim__fail().
 */
void stim__fault(struct stim *stim, const char *fmt, ...) __printf(2, 3);

/* Forks; the child runs fn(arg) and exits 0. It is killed when the stimulus dies. */
pid_t stim__fork(struct stim *stim, void (*fn)(void *), void *arg);

/* Waits for a child; dies loudly unless it exited 0. */
void stim__wait(pid_t pid);

/* Stops both tools, so that what happens is buffered or lost; then lets them go on, and waits until
 * they have read all there is. Only in run(), not in a child, and only in the guest: by hand, on a
 * machine with other processes, both do nothing.
 */
void stim__stop_tools(void);
void stim__drain_tools(void);

/* Ends both tools as Ctrl-C does and waits until they are gone, to look at what they leave behind; they
 * print their last rows. Only in run(), without children, and only in the guest. Returns whether they
 * ended: by hand, on a machine with other processes, it does nothing and returns false.
 */
bool stim__end_tools(void);

/* Ends the libbpf tool as Ctrl-C does, and waits; then starts it again with the same arguments, and
 * waits for its header line. BCC stays attached. What the tool printed before it ended is forgotten.
 * Where they may be called is as above.
 */
void stim__end_libbpf(void);
void stim__start_libbpf(void);

/* In setup(), and only in the guest: the kernel looks like one that was built without its BTF. */
void stim__hide_btf(void);

/* In setup(): brings up the last of the possible CPUs, which is down in the guests, as the one before it
 * is and stays. Returns its number, at least 2.
 */
unsigned stim__last_cpu(void);

/* Moves a thread (0: the caller) to a CPU that is up. */
void stim__pin(pid_t tid, unsigned cpu);

/* Ends the stimulus (or its child) with a message: a failed call is never ignored. */
void stim__fail(const char *fmt, ...) __printf(1, 2) __attribute__((noreturn));

/* stim__try(fd = open(path, O_RDONLY)): the call's value, or the end when it is -1. */
#define stim__try(call)                                                                          \
	({                                                                                       \
		__typeof__(call) __value = (call);                                               \
		if (__value == (__typeof__(__value))-1)                                          \
			stim__fail("%s:%d: %s: %s", __FILE__, __LINE__, #call, strerror(errno)); \
		__value;                                                                         \
	})

#endif
