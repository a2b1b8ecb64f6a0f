// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

/* The program itself, under test from within. */
#define main harness_main
#include "../harness.c"
#undef main

/* --- cases --- */

static void shout(void *arg)
{
	printf("%s", (char *)arg);
	fflush(stdout);
}

static void set_up(struct stim *s)
{
	stim__arg(s, "bcc", "--pid");
	stim__arg(s, "libbpf", "--pid=%d", 7);
	stim__arg(s, "bcc", "%d", 7);
	stim__own(s, 7);
	printf("setup talks");
}

static void events(struct stim *s)
{
	printf("run talks ");
	stim__wait(stim__fork(s, shout, "child talks\n"));
	for (int i = 0; i < 3; i++) {
		int n = stim__rand(s, 1000000);

		stim__row(s, "7 %d", n);
		stim__mistake(s, "is zero");
		stim__row(s, "7 0");
		stim__mistake(s, "is one");
		stim__row(s, "7 1");
		stim__mistake(s, NULL);
	}
	stim__own(s, 8);
	stim__fault(s, "left %d behind", 9);
}

static void fork_only(struct stim *s)
{
	pid_t pid = stim__fork(s, shout, "");

	stim__wait(pid);
	stim__row(s, "%d 0", pid);
}

static void no_rows(struct stim *s __maybe_unused)
{
}

/* None of this may touch the machine, which is not the guest. */
static void guest_only_setup(struct stim *s __maybe_unused)
{
	stim__hide_btf();
}

static void guest_only(struct stim *s)
{
	stim__stop_tools();
	stim__drain_tools();
	stim__end_libbpf();
	stim__start_libbpf();
	stim__row(s, "7 %d", access("/sys/kernel/btf/vmlinux", F_OK) ? 0 : 1);
}

static void early_rand(struct stim *s)
{
	stim__rand(s, 2);
}

static void late_arg(struct stim *s)
{
	stim__arg(s, "bcc", "x");
}

static void odd_tool(struct stim *s)
{
	stim__arg(s, "perf", "x");
}

static void bad_exit(void *arg __maybe_unused)
{
	_exit(3);
}

static void bad_child(struct stim *s)
{
	stim__wait(stim__fork(s, bad_exit, NULL));
}

static void killed(void *arg __maybe_unused)
{
	raise(SIGKILL);
}

static void killed_child(struct stim *s)
{
	stim__wait(stim__fork(s, killed, NULL));
}

static void row_of_child(void *arg)
{
	stim__row(arg, "7 1");
}

static void child_row(struct stim *s)
{
	stim__wait(stim__fork(s, row_of_child, s));
}

static void newline_row(struct stim *s)
{
	stim__row(s, "7 a\nb");
}

static void directive_row(struct stim *s)
{
	stim__row(s, "@end");
}

static void no_children(struct stim *s __maybe_unused)
{
	stim__wait(99999999);
}

static void failed_call(struct stim *s __maybe_unused)
{
	stim__try(open("/nonexistent", O_RDONLY));
}

static void too_many_rows(struct stim *s)
{
	for (int i = 0; i <= MAX_LINES; i++)
		stim__row(s, "7 %d", i);
}

static void too_long_rows(struct stim *s)
{
	for (int i = 0; i < 100; i++)
		stim__row(s, "7 %*d", MAX_TEXT / 99, i);
}

const struct test_case pair = { .columns = "PID N", .own = "PID", .setup = set_up, .run = events };
const struct test_case exercise = {
	.columns = "PID N",
	.run = fork_only,
	.needs = { { "map * type=ringbuf *", "a ring buffer" } },
};

/* --- running jobs as processes --- */

struct ran {
	int status;
	char out[8192], err[8192];
};

static void read_back(FILE *f, char *text, size_t size)
{
	size_t n;

	rewind(f);
	n = fread(text, 1, size - 1, f);
	text[n] = '\0';
	fclose(f);
}

static struct ran run_job(const struct test_case *test, const char *input, int (*job)(const void *),
			  const void *arg)
{
	FILE *out = tmpfile(), *err = tmpfile(), *in = tmpfile();
	struct ran r;
	pid_t pid;

	assert_true(out && err && in);
	fputs(input, in);
	rewind(in);
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(fileno(in), 0);
		dup2(fileno(out), 1);
		dup2(fileno(err), 2);
		exit(job ? job(arg) : run_stimulus(test));
	}
	assert_int_equal(waitpid(pid, &r.status, 0), pid);
	read_back(out, r.out, sizeof(r.out));
	read_back(err, r.err, sizeof(r.err));
	fclose(in);
	return r;
}

static struct ran stimulus(const struct test_case *test, const char *input)
{
	return run_job(test, input, NULL, NULL);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

/* --- the stimulus --- */

static void test_truth(void **state __maybe_unused)
{
	struct ran r = stimulus(&pair, "42\n");
	unsigned int n[3];
	int end = 0;

	assert_int_equal(r.status, 0);
	sscanf(r.out,
	       "@bcc --pid\n@bcc 7\n@libbpf --pid=7\n@ready\n@done\n@own 7\n@own 8\n@fault left 9 "
	       "behind\nPID N\n7 %u\n7 %u\n7 "
	       "%u\n"
	       "@mistake is zero\n7 0\n7 0\n7 0\n@mistake is one\n7 1\n7 1\n7 1\n@end\n%n",
	       &n[0], &n[1], &n[2], &end);
	assert_int_equal(end, strlen(r.out));
	assert_true(n[0] != n[1] && n[1] != n[2]);
	assert_string_equal(r.err, "setup talksrun talks child talks\n");
}

static const char *printed(FILE *out)
{
	static char text[8192];
	ssize_t n = pread(fileno(out), text, sizeof(text) - 1, 0);

	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

/* Tools may watch what it writes, until somebody tells it that they have ended. */
static void test_truth_waits(void **state __maybe_unused)
{
	FILE *out = tmpfile();
	int in[2], status;
	pid_t pid;

	assert_true(out && !pipe2(in, O_CLOEXEC));
	fflush(NULL);
	pid = fork();
	if (!pid) {
		dup2(in[0], 0);
		dup2(fileno(out), 1);
		exit(run_stimulus(&pair));
	}
	assert_int_equal(write(in[1], "42\n", 3), 3);
	while (!strstr(printed(out), "@done\n")) {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		usleep(1000);
	}
	usleep(20000);
	assert_string_equal(strstr(printed(out), "@done\n"), "@done\n");
	assert_int_equal(write(in[1], "\n", 1), 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_has(printed(out), "@own 7\n");
	close(in[0]);
	close(in[1]);
	fclose(out);
}

static void test_seed(void **state __maybe_unused)
{
	struct ran first = stimulus(&pair, "42\n"), second = stimulus(&pair, "42\n"),
		   other = stimulus(&pair, "43\n");

	assert_string_equal(first.out, second.out);
	assert_string_not_equal(first.out, other.out);
}

/* Process IDs follow the seed where the counter can be set. */
static void test_pids_move(void **state __maybe_unused)
{
	struct ran first = stimulus(&exercise, "1\n"), second = stimulus(&exercise, "2\n");
	int a = atoi(strstr(first.out, "PID N\n") + 6), b = atoi(strstr(second.out, "PID N\n") + 6);

	assert_true(a > 1 && b > 1);
	if (access("/proc/sys/kernel/ns_last_pid", W_OK))
		skip();
	assert_true(a > 2000 && a < 30000 && b > 2000 && b < 30000);
	assert_true(abs(a - b) > 50);
}

static void test_rand(void **state __maybe_unused)
{
	struct stim *s = &the_stim;
	unsigned int seen[7] = { 0 };

	s->seeded = true;
	s->state = 5;
	for (int i = 0; i < 7000; i++)
		seen[stim__rand(s, 7)]++;
	for (int i = 0; i < 7; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(stim__rand(s, 1), 0);
	s->seeded = false;
}

static void test_by_hand(void **state __maybe_unused)
{
	const struct test_case test = { .columns = "PID N",
					.setup = guest_only_setup,
					.run = guest_only };
	int btf = access("/sys/kernel/btf/vmlinux", F_OK);
	struct ran r = stimulus(&test, "1\n");

	assert_int_equal(r.status, 0);
	assert_has(r.out, btf ? "7 0\n" : "7 1\n");
}

static void assert_fails(const struct test_case *test, const char *input, const char *says)
{
	struct ran r = stimulus(test, input);

	assert_true(WIFEXITED(r.status));
	assert_int_equal(WEXITSTATUS(r.status), 1);
	assert_has(r.err, says);
	assert_null(strstr(r.out, "@end"));
}

static void test_failures(void **state __maybe_unused)
{
	static const struct {
		void (*setup)(struct stim *), (*run)(struct stim *);
		const char *says;
	} cases[] = {
		{ early_rand, no_rows, "stim__rand() before the seed" },
		{ odd_tool, no_rows, "no tool is called \"perf\"" },
		{ NULL, late_arg, "stim__arg() outside of setup()" },
		{ NULL, bad_child, "exit status 3" },
		{ NULL, killed_child, "killed by signal 9" },
		{ NULL, child_row, "only the stimulus itself prints rows" },
		{ NULL, newline_row, "cannot be a row" },
		{ NULL, directive_row, "cannot be a row" },
		{ NULL, no_children, "waiting for process 99999999: No child" },
		{ NULL, failed_call, "open(\"/nonexistent\", O_RDONLY): No such file" },
		{ NULL, too_many_rows, "too many rows" },
		{ NULL, too_long_rows, "too many rows" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct test_case test = { .columns = "PID N",
					  .own = "PID",
					  .setup = cases[i].setup,
					  .run = cases[i].run };

		assert_fails(&test, "1\n", cases[i].says);
	}
	assert_fails(&pair, "", "\"\" is no seed");
	assert_fails(&pair, "12x\n", "\"12x\" is no seed");
	assert_fails(&pair, "99999999999999999999999999999999999999999\n", "is no seed");
}

/* --- the judge --- */

static char folder[] = "/tmp/harness.XXXXXX";

static int judge_job(const void *arg)
{
	return run_judge(&exercise, (char **)arg);
}

/* Judges files with these texts. */
static struct ran judge(const char *bcc, const char *libbpf, const char *truth, const char *facts)
{
	static const char *const names[] = { "bcc", "libbpf", "truth", "facts" };
	const char *texts[] = { bcc, libbpf, truth, facts };
	char *args[5] = { NULL };
	struct ran r;

	for (int i = 0; i < 4; i++) {
		cleanup_free char *path = xprintf("%s/%s", folder, names[i]);

		if (texts[i])
			file__write(path, texts[i], strlen(texts[i]));
		else
			unlink(path);
		args[i] = xprintf("%s=%s", names[i], path);
	}
	r = run_job(NULL, "", judge_job, args);
	for (int i = 0; i < 4; i++)
		free(args[i]);
	return r;
}

#define ROWS "PID N\n7 1\n"
#define RING "map events type=ringbuf key=0 value=0 max_entries=4096 flags=0\n"

static void test_judge(void **state __maybe_unused)
{
	struct ran r = judge(ROWS, ROWS, ROWS "@end\n", RING);

	assert_int_equal(WEXITSTATUS(r.status), 0);
	assert_string_equal(r.out,
			    "verdict match\nrows match\nneed ok a ring buffer\ncolumns PID N\n"
			    "row bcc = 7 1\nrow libbpf = 7 1\nrow truth = 7 1\n");
	r = judge(ROWS, "PID N\n", ROWS "@end\n", RING);
	assert_int_equal(WEXITSTATUS(r.status), 1);
	assert_has(r.out, "verdict mismatch\n");
	r = judge(ROWS, ROWS, ROWS "@end\n", "");
	assert_int_equal(WEXITSTATUS(r.status), 1);
	assert_has(r.out, "need missing a ring buffer\n");
	r = judge(ROWS, ROWS, ROWS, RING);
	assert_int_equal(WEXITSTATUS(r.status), 2);
	assert_has(r.out, "verdict mismatch\n");
	assert_has(r.err, "truth: cut off before @end");
	r = judge(ROWS, NULL, ROWS, RING);
	assert_int_equal(WEXITSTATUS(r.status), 2);
	assert_has(r.err, "judge: ");
	assert_string_equal(r.out, "");
}

static void test_judge_arguments(void **state __maybe_unused)
{
	char *args[] = { "bcc=/dev/null", "truth=/dev/null", "facts=/dev/null", NULL };
	struct ran r = run_job(NULL, "", judge_job, args);

	assert_int_equal(WEXITSTATUS(r.status), 2);
	assert_has(r.err, "libbpf=FILE is missing");
}

static int main_job(const void *arg)
{
	char **argv = (char **)arg;
	int argc = 0;

	while (argv[argc])
		argc++;
	return harness_main(argc, argv);
}

static void test_usage(void **state __maybe_unused)
{
	char *wrong[][5] = { { "t" },
			     { "t", "stimulus" },
			     { "t", "stimulus", "other" },
			     { "t", "stimulus", "pair", "x" },
			     { "t", "watch", "pair" } };
	struct ran r;

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		r = run_job(NULL, "", main_job, wrong[i]);
		assert_int_equal(WEXITSTATUS(r.status), 2);
		assert_has(r.err, "Usage: t stimulus CASE");
	}
	r = run_job(NULL, "", main_job, (char *[]){ "t", "--help", NULL });
	assert_int_equal(r.status, 0);
	assert_has(r.out, "Usage: t stimulus CASE");
}

static int make_folder(void **state __maybe_unused)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state __maybe_unused)
{
	file__remove_tree(folder);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_truth_waits),
		cmocka_unit_test(test_seed),
		cmocka_unit_test(test_pids_move),
		cmocka_unit_test(test_rand),
		cmocka_unit_test(test_by_hand),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_judge_arguments),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
