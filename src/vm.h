/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef VM_H
#define VM_H

#include "frame.h"
#include "image.h"

/* A QEMU process with the guest's agent at the other end of a socket pair. It ends with vm__free()
 * or with the process that started it, whatever kills that.
 */
struct vm;

/* What a program's slot looked like when it was waited for. */
struct program_state {
	int exited;    /* the rest of a process is valid only then */
	int timeout;   /* neither ready nor ended in time */
	int stopped;   /* and somebody has stopped it, or a process of its */
	int status;    /* as of wait() */
	long ready_ms; /* from start to the first line of output, -1 without one */
	long rss_kb;   /* peak memory */
	long cpu_ms;   /* user and system time */
	long output;   /* bytes on standard output */
};

/* RAM of every VM, in MiB: BCC's compiler takes 175 of it. */
#define VM_RAM_MB 512

/* QEMU's arguments, NULL-terminated, owned by the caller (vm__free_args). `accel` is "kvm" or "tcg";
 * `ram` names the file that is the guest's memory; `share` makes writes reach it (for saving), else
 * they stay private; `restore` waits for a saved state instead of booting.
 * The numbers are descriptors that QEMU inherits.
 */
struct vm_args {
	const struct image *image;
	const char *accel, *ram;
	bool share, restore;
	bool confined; /* QEMU runs in bubblewrap: it sees its own files and no network */
	int agent, qmp, console, initrd;
};
char **vm__args(const struct vm_args *a);
void vm__free_args(char **args);

/* "kvm" where a trial boot of `image` on this machine reached user space, else "tcg". The answer is
 * kept in the cache; WORKBOOK_ACCEL=kvm or tcg overrides it. `*why` says where it comes from.
 */
const char *vm__accel(const struct image *image, const char **why);

/* Everything outside the image that shapes a guest, to key snapshots by: QEMU's version and arguments,
 * the agent, the host's CPU where the guest sees it. Owned by the caller; NULL after an error.
 */
char *vm__fingerprint(const struct image *image);

/* Boots `image` with its memory in the new file `ram` until the agent is ready. Returns 0 or -errno
 * after printing the error, with the console's end when the kernel did not come up.
 */
int vm__boot(const struct image *image, const char *ram, struct vm **out);
/* Writes the stopped machine's device state to `state` and ends the VM; with the RAM file it is a
 * snapshot.
 */
int vm__save(struct vm *vm, const char *state);
/* Continues a snapshot, with a fresh clock and fresh entropy. The RAM file stays untouched and can serve
 * many VMs at once, unless `share` lets the guest write to it, for another snapshot. `confined` is for
 * what nobody trusts, see struct vm_args.
 */
int vm__restore(const struct image *image, const char *ram, const char *state, bool share,
		bool confined, struct vm **out);
void vm__free(struct vm *vm);

/* Orders to the agent. All return 0 or -errno after printing the error; -EPROTO when the agent does
 * not answer as it must.
 */
int vm__put(struct vm *vm, const char *path, int mode, const void *data, size_t len);
int vm__put_file(struct vm *vm, const char *path, int mode, const char *host_path);
/* Appends the file to `out`, at most `limit` bytes of it. */
int vm__fetch(struct vm *vm, const char *path, size_t limit, struct buf *out);
/* Appends what the program in `slot` printed, "out" or "err". */
int vm__output(struct vm *vm, const char *slot, const char *which, struct buf *out);
/* `user` is "root" or a mask of capabilities in hex; argv is NULL-terminated. */
int vm__start(struct vm *vm, const char *slot, const char *user, char *const argv[]);
/* To its standard input. What it has printed by then makes it ready no more. */
int vm__input(struct vm *vm, const char *slot, const char *text);
int vm__signal(struct vm *vm, const char *slot, int sig);
/* Waits up to `ms` for the program's first line, since its last input, or for its end. */
int vm__wait_ready(struct vm *vm, const char *slot, int ms, struct program_state *state);
int vm__wait_exit(struct vm *vm, const char *slot, int ms, struct program_state *state);

/* Puts files of the guest into the jail, where programs without root run, under the same names; `pattern` is
 * as of glob(7), and it is an error when there is no such file.
 */
int vm__admit(struct vm *vm, const char *pattern);
/* Removes the pins in a folder of the guest's BPF file system. */
int vm__unpin(struct vm *vm, const char *path);
/* How often the kernel has skipped a BPF program so far, see held.h. */
int vm__missed(struct vm *vm, uint64_t *missed);
/* Appends what the kernel holds that it did not before the last such program was started: lines as of
 * held.h.
 */
int vm__held(struct vm *vm, struct buf *out);
/* Appends its programs, links and places since then, whatever is left of them, and "late N" for
 * calls that load or attach one and came too late.
 */
int vm__seen(struct vm *vm, struct buf *out);

/* An interactive shell in the guest, on this process's terminal (or on pipes) until it ends; window
 * changes and Ctrl-C go to the guest. `*status` is the shell's exit status. The terminal is left as it was.
 */
int vm__shell(struct vm *vm, int *status);

#endif
