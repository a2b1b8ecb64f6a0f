// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "harness.h"

/* --- what the stimulus prints, kept until run() is over --- */

enum {
	MAX_TEXT = 4 << 20,
	MAX_LINES = 100000,
	MAX_MISTAKES = 32,
	FAULT = -5,
	ARG_BCC = -4, /* where a line belongs: an argument, @own, the truth, or a mistake from 0 */
	ARG_LIBBPF = -3,
	OWN = -2,
	TRUTH_ROW = -1,
};

struct stim {
	const struct test_case *test;
	bool seeded, in_child, ready;
	uint64_t state;
	int block; /* TRUTH_ROW or the mistake that rows belong to */
	const char *mistake[MAX_MISTAKES];
	int nr_mistakes;
	size_t nr_lines, len;
	struct {
		int block;
		size_t at;
	} line[MAX_LINES];
	char text[MAX_TEXT];
};

static struct stim the_stim;

void stim__fail(const char *fmt, ...)
{
	va_list ap;

	fputs("stimulus: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	_exit(1);
}

static void add_line(struct stim *stim, int block, const char *fmt, va_list ap)
{
	char *text = stim->text + stim->len;
	size_t room = MAX_TEXT - stim->len;
	int n = vsnprintf(text, room, fmt, ap);

	if (stim->in_child)
		stim__fail("\"%s\" comes from a child: only the stimulus itself prints rows", text);
	if (n < 0 || (size_t)n >= room || stim->nr_lines == MAX_LINES)
		stim__fail("too many rows");
	if (strchr(text, '\n') || (block >= TRUTH_ROW && (text[0] == '@' || !text[0])))
		stim__fail("\"%s\" cannot be a row", text);
	stim->line[stim->nr_lines].block = block;
	stim->line[stim->nr_lines++].at = stim->len;
	stim->len += n + 1;
}

static void add_linef(struct stim *stim, int block, const char *fmt, ...) __printf(3, 4);
static void add_linef(struct stim *stim, int block, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(stim, block, fmt, ap);
	va_end(ap);
}

void stim__row(struct stim *stim, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_line(stim, stim->block, fmt, ap);
	va_end(ap);
}

void stim__own(struct stim *stim, long value)
{
	if (!stim->test->own)
		stim__fail("stim__own() in a case without an own column");
	add_linef(stim, OWN, "%ld", value);
}

void stim__arg(struct stim *stim, const char *tool, const char *fmt, ...)
{
	bool bcc = !strcmp(tool, "bcc");
	va_list ap;

	if (stim->ready)
		stim__fail("stim__arg() outside of setup()");
	if (!bcc && strcmp(tool, "libbpf"))
		stim__fail("stim__arg(): no tool is called \"%s\"", tool);
	va_start(ap, fmt);
	add_line(stim, bcc ? ARG_BCC : ARG_LIBBPF, fmt, ap);
	va_end(ap);
}

void stim__fault(struct stim *stim, const char *fmt, ...)
{
	va_list ap;

	if (!stim->seeded)
		stim__fail("stim__fault() outside of run()");
	va_start(ap, fmt);
	add_line(stim, FAULT, fmt, ap);
	va_end(ap);
}

void stim__mistake(struct stim *stim, const char *sentence)
{
	stim->block = TRUTH_ROW;
	if (!sentence)
		return;
	for (int i = 0; i < stim->nr_mistakes; i++)
		if (!strcmp(stim->mistake[i], sentence))
			stim->block = i;
	if (stim->block != TRUTH_ROW)
		return;
	if (stim->nr_mistakes == MAX_MISTAKES || strchr(sentence, '\n'))
		stim__fail("cannot take the mistake \"%s\"", sentence);
	stim->block = stim->nr_mistakes++;
	stim->mistake[stim->block] = sentence;
}

static void print_block(const struct stim *stim, FILE *out, int block, const char *prefix)
{
	for (size_t i = 0; i < stim->nr_lines; i++)
		if (stim->line[i].block == block)
			fprintf(out, "%s%s\n", prefix, stim->text + stim->line[i].at);
}

static void print_truth(const struct stim *stim, FILE *out)
{
	print_block(stim, out, OWN, "@own ");
	print_block(stim, out, FAULT, "@fault ");
	fprintf(out, "%s\n", stim->test->columns);
	print_block(stim, out, TRUTH_ROW, "");
	for (int i = 0; i < stim->nr_mistakes; i++) {
		fprintf(out, "@mistake %s\n", stim->mistake[i]);
		print_block(stim, out, i, "");
	}
	fputs("@end\n", out);
}

/* --- chance --- */

/* splitmix64 */
static uint64_t next_random(struct stim *stim)
{
	uint64_t z = stim->state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

uint64_t stim__rand(struct stim *stim, uint64_t below)
{
	if (!stim->seeded)
		stim__fail("stim__rand() before the seed is known: not in setup()");
	if (!below)
		stim__fail("stim__rand(0)");
	return (unsigned __int128)next_random(stim) * below >> 64;
}

/* --- processes --- */

pid_t stim__fork(struct stim *stim, void (*fn)(void *), void *arg)
{
	pid_t parent = getpid(), pid;

	fflush(NULL);
	pid = stim__try(fork());
	if (pid)
		return pid;
	stim->in_child = true;
	stim__try(prctl(PR_SET_PDEATHSIG, SIGKILL));
	if (getppid() != parent)
		_exit(1);
	fn(arg);
	_exit(0);
}

void stim__wait(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		stim__fail("waiting for process %d: %s", pid, strerror(errno));
	if (WIFSIGNALED(status))
		stim__fail("process %d: killed by signal %d", pid, WTERMSIG(status));
	if (WEXITSTATUS(status))
		stim__fail("process %d: exit status %d", pid, WEXITSTATUS(status));
}

static void nothing(void *arg __maybe_unused)
{
}

/* Process IDs move with the seed, well above the guest's own and well below 32768. */
static void move_pids(struct stim *stim)
{
	int last = 2000 + stim__rand(stim, 24000), forks = 1 + stim__rand(stim, 50);
	int fd = open("/proc/sys/kernel/ns_last_pid", O_WRONLY | O_CLOEXEC);
	char number[16];
	int len = snprintf(number, sizeof(number), "%d", last);
	bool moved = fd >= 0 && write(fd, number, len) == len;

	if (fd >= 0)
		close(fd);
	while (!moved && forks--)
		stim__wait(stim__fork(stim, nothing, NULL));
}

/* --- the tools --- */

/* kill(-1) spares the caller and process 1, the agent, whose child the stimulus is in the guest. */
static void signal_tools(int sig)
{
	if (getppid() == 1)
		stim__try(kill(-1, sig));
}

/* Whether a child of the agent other than the stimulus is in a state other than those in `idle`. */
static bool is_busy(const char *pid, const char *idle)
{
	char path[64], state;
	int parent, n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	n = fscanf(f, "%*d (%*[^)]) %c %d", &state, &parent);
	fclose(f);
	return n == 2 && parent == 1 && atoi(pid) != getpid() && !strchr(idle, state);
}

/* Waits until all tools are idle, `ms` at most. Returns whether they are. */
static bool await_tools(const char *idle, int64_t ms)
{
	int64_t end = now_ms() + ms;
	bool busy = true;

	while (busy && now_ms() < end && getppid() == 1) {
		DIR *proc = opendir("/proc");
		struct dirent *entry;

		poll(NULL, 0, 1);
		busy = false;
		while (proc && (entry = readdir(proc)))
			busy |= entry->d_name[0] <= '9' && is_busy(entry->d_name, idle);
		closedir(proc);
	}
	return !busy;
}

void stim__stop_tools(void)
{
	signal_tools(SIGSTOP);
}

/* A tool that sleeps has read all there is. One that never sleeps gets a while for it. */
void stim__drain_tools(void)
{
	signal_tools(SIGCONT);
	await_tools("SZX", 3000);
}

/* How one that does not end is judged is the host's business, which asks once more. */
bool stim__end_tools(void)
{
	signal_tools(SIGINT);
	return await_tools("ZX", 20000);
}

/* The agent takes some signals as orders, and sends the same one back when it has obeyed. */
static void order(int sig)
{
	const struct timespec limit = { .tv_sec = 50 };
	sigset_t set;

	if (getppid() != 1)
		return;
	sigemptyset(&set);
	sigaddset(&set, sig);
	stim__try(sigprocmask(SIG_BLOCK, &set, NULL));
	stim__try(kill(1, sig));
	stim__try(sigtimedwait(&set, NULL, &limit));
}

void stim__end_libbpf(void)
{
	order(SIGUSR1);
}

void stim__start_libbpf(void)
{
	order(SIGUSR2);
}

void stim__hide_btf(void)
{
	if (getppid() == 1)
		stim__try(mount("none", "/sys/kernel/btf", "tmpfs", MS_RDONLY, "mode=755"));
}

/* --- CPUs --- */

unsigned stim__last_cpu(void)
{
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	unsigned last = 0;
	char path[64];

	if (!f || fscanf(f, "0-%u", &last) < 0) /* "0-2" */
		stim__fail("/sys/devices/system/cpu/possible cannot be read");
	fclose(f);
	if (last < 2)
		stim__fail("this wants 3 possible CPUs or more, not %u", last + 1);
	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%u/online", last);
	f = fopen(path, "we");
	if (!f || fputs("1", f) == EOF || fflush(f))
		stim__fail("%s: %s", path, strerror(errno));
	fclose(f);
	return last;
}

void stim__pin(pid_t tid, unsigned cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(tid, sizeof(set), &set))
		stim__fail("CPU %u: %s", cpu, strerror(errno));
}

/* --- the stimulus's job --- */

static FILE *take_stdout(void)
{
	int fd = stim__try(fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100));
	FILE *out = fdopen(fd, "w");

	stim__try(dup2(STDERR_FILENO, STDOUT_FILENO));
	if (!out)
		stim__fail("standard output: %s", strerror(errno));
	return out;
}

static void flush(FILE *out)
{
	if (fflush(out) || ferror(out))
		stim__fail("standard output: %s", strerror(errno));
}

/* An order of the host's; the end of input is one, too. */
static const char *read_line(void)
{
	static char line[32];
	size_t n = 0;

	while (n < sizeof(line) - 1 && stim__try(read(STDIN_FILENO, &line[n], 1)) == 1 &&
	       line[n] != '\n')
		n++;
	line[n] = '\0';
	return line;
}

static void read_seed(struct stim *stim)
{
	const char *line = read_line();

	if (parse_u64(line, &stim->state))
		stim__fail("\"%s\" is no seed", line);
	stim->seeded = true;
}

static int run_stimulus(const struct test_case *test)
{
	struct stim *stim = &the_stim;
	FILE *out = take_stdout();

	/* Nothing may fault in while events are watched. */
	memset(stim->text, 0, sizeof(stim->text));
	memset(stim->line, 0, sizeof(stim->line));
	stim->test = test;
	stim->block = TRUTH_ROW;
	if (test->setup)
		test->setup(stim);
	stim->ready = true;
	stim__mistake(stim, NULL);
	print_block(stim, out, ARG_BCC, "@bcc ");
	print_block(stim, out, ARG_LIBBPF, "@libbpf ");
	fputs("@ready\n", out);
	flush(out);
	read_seed(stim);
	move_pids(stim);
	test->run(stim);
	/* Nothing of the truth leaves this process while a tool could still see it. */
	fputs("@done\n", out);
	flush(out);
	read_line();
	print_truth(stim, out);
	flush(out);
	return 0;
}

/* --- the judge's job --- */

static int read_input(const char *path, struct buf *b, struct text *text)
{
	cleanup_file FILE *f = fopen(path, "re");
	char chunk[65536];
	size_t n;

	if (!f) {
		fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
		return -1;
	}
	/* One byte above the limit tells the judge that it was passed. */
	while (b->len <= ROWS_MAX_BYTES && (n = fread(chunk, 1, sizeof(chunk), f)))
		buf__add(b, chunk, n);
	if (ferror(f)) {
		fprintf(stderr, "judge: %s: %s\n", path, strerror(errno));
		return -1;
	}
	*text = (struct text){ b->data, b->len };
	return 0;
}

/* A faulty set-up is no verdict on anyone: its reason goes to stderr as well. */
static int judge_status(enum verdict verdict, const struct buf *out)
{
	const char *why = strstr(out->data, "message ");

	if (fwrite(out->data, 1, out->len, stdout) != out->len || fflush(stdout)) {
		fprintf(stderr, "judge: standard output: %s\n", strerror(errno));
		return 2;
	}
	if (verdict == VERDICT_SETUP && why)
		fprintf(stderr, "%.*s\n", (int)strcspn(why + 8, "\n"), why + 8);
	return verdict == VERDICT_MATCH ? 0 : verdict == VERDICT_MISMATCH ? 1 : 2;
}

static const char *find_argument(char **args, const char *name)
{
	for (; *args; args++)
		if (!strncmp(*args, name, strlen(name)))
			return *args + strlen(name);
	fprintf(stderr, "judge: %sFILE is missing\n", name);
	return NULL;
}

static int run_judge(const struct test_case *test, char **args)
{
	static const char *const names[] = { "bcc=", "libbpf=", "truth=", "facts=" };
	const struct rows_rule rule = { test->columns, test->own, test->mask,	test->sum,
					test->ordered, test->off, test->percent };
	struct buf input[ARRAY_SIZE(names)] = { 0 };
	struct text text[ARRAY_SIZE(names)] = { 0 };
	cleanup_buf struct buf out = { 0 };
	int status = 0;

	for (size_t i = 0; i < ARRAY_SIZE(names) && !status; i++) {
		const char *path = find_argument(args, names[i]);

		if (!path || read_input(path, &input[i], &text[i]))
			status = 2;
	}
	if (!status)
		status = judge_status(
			rows__judge(&rule, test->needs, ARRAY_SIZE(test->needs),
				    &(struct judge_input){ text[0], text[1], text[2], text[3] },
				    &out),
			&out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		buf__free(&input[i]);
	return status;
}

/* --- the command line --- */

static int usage(const char *name, FILE *f, int status)
{
	fprintf(f,
		"Usage: %s stimulus CASE\n"
		"       %s judge CASE bcc=FILE libbpf=FILE truth=FILE facts=FILE\n"
		"CASE is \"pair\" or \"exercise\".\n"
		"\n"
		"stimulus  prints the tools' arguments and @ready, reads a seed from standard\n"
		"          input, makes the events, prints @done, waits for another line or the\n"
		"          end of input, and prints the rows that tools must have observed\n"
		"judge     compares what the tools printed with that, and the object's facts\n"
		"          with what the case needs\n"
		"\n"
		"Exit status: 0 done or match, 1 failed or mismatch, 2 usage or set-up\n",
		name, name);
	return status;
}

static const struct test_case *find_case(const char *name)
{
	return !strcmp(name, "pair") ? &pair : !strcmp(name, "exercise") ? &exercise : NULL;
}

int main(int argc, char **argv)
{
	const struct test_case *test = argc > 2 ? find_case(argv[2]) : NULL;

	if (argc == 2 && !strcmp(argv[1], "--help"))
		return usage(argv[0], stdout, 0);
	if (test && !strcmp(argv[1], "stimulus") && argc == 3)
		return run_stimulus(test);
	if (test && !strcmp(argv[1], "judge"))
		return run_judge(test, argv + 3);
	return usage(argv[0], stderr, 2);
}
