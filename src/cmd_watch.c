// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Checks the exercise again at each save. One process shows and listens; the check runs in a child, so
 * that a save in the middle of it starts over.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>

#include "check.h"
#include "interrupt.h"
#include "options.h"
#include "run.h"

#define BURST_MS 60 /* an editor's save is several events */

static const struct argp_option options[] = {
	{ "kernel", 'k', "K", 0, "Check on this kernel only, or on all; may be repeated", 0 },
	{ 0 },
};

struct watch {
	const char *named; /* unit on the command line, or NULL */
	struct strings kernels;
	struct units units;
	const struct unit *unit;
	int events, watched; /* inotify */
	pid_t child;	     /* 0: no check runs */
	int pidfd;
	bool keys; /* standard input is a terminal */
	struct termios saved;
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct watch *w = state->input;

	switch (key) {
	case 'k':
		option__kernel(&w->kernels, arg);
		return 0;
	case ARGP_KEY_ARG:
		if (w->named)
			argp_error(state, "one exercise at a time");
		w->named = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[UNIT]",
	.doc = "Check your exercise again whenever you save one of its files. Without UNIT: the "
	       "first one not "
	       "yet passed. Keys: h hint, n next, l list, d diff, c check again, q quit.",
};

/* --- the terminal --- */

/* Keys come one by one and unseen; Ctrl-C still is a signal. */
static void listen_keys(struct watch *w)
{
	struct termios t = w->saved;

	t.c_lflag &= ~(ICANON | ECHO);
	if (w->keys)
		tcsetattr(0, TCSANOW, &t);
}

static void restore_terminal(struct watch *w)
{
	if (w->keys)
		tcsetattr(0, TCSANOW, &w->saved);
}

/* "[####------] 4 of 10 passed" */
static void show_progress(struct watch *w)
{
	size_t passed = 0, cells = 20, full;

	for (size_t i = 0; i < w->units.count; i++) {
		cleanup_exercise struct exercise e = { 0 };

		passed += !exercise__load(&e, &w->units.items[i]) && e.state == EXERCISE_PASSED;
	}
	full = w->units.count ? passed * cells / w->units.count : 0;
	printf("[");
	for (size_t i = 0; i < cells; i++)
		putchar(i < full ? '#' : '-');
	printf("] %zu of %zu passed\n", passed, w->units.count);
}

static void show_head(struct watch *w)
{
	if (is_screen(stdout))
		fputs("\033[H\033[2J\033[3J", stdout);
	show_progress(w);
	printf("%s%s%s  exercises/%s/\n\n", colour(stdout, C_BOLD), w->unit->name,
	       colour(stdout, C_OFF), w->unit->name);
	fflush(stdout);
}

static void show_keys(struct watch *w)
{
	if (w->keys)
		printf("\n%sh%s hint  %sn%s next  %sl%s list  %sd%s diff  %sc%s check again  %sq%s "
		       "quit\n",
		       colour(stdout, C_BOLD), colour(stdout, C_OFF), colour(stdout, C_BOLD),
		       colour(stdout, C_OFF), colour(stdout, C_BOLD), colour(stdout, C_OFF),
		       colour(stdout, C_BOLD), colour(stdout, C_OFF), colour(stdout, C_BOLD),
		       colour(stdout, C_OFF), colour(stdout, C_BOLD), colour(stdout, C_OFF));
	else
		printf("\nwaiting for a save; Ctrl-C quits\n");
	fflush(stdout);
}

/* --- the check --- */

static void stop_check(struct watch *w)
{
	if (!w->child)
		return;
	kill(w->child, SIGTERM);
	while (waitpid(w->child, NULL, 0) < 0 && errno == EINTR)
		;
	close_fd(&w->pidfd);
	w->child = 0;
}

static void start_check(struct watch *w)
{
	struct check_options o = { .kernels = &w->kernels, .seed = run__new_seed() };
	pid_t parent = getpid();

	stop_check(w);
	show_head(w);
	w->child = fork();
	if (!w->child) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(EXIT_SETUP);
		interrupt__install();
		_exit((check__exercise(w->unit, &o), fflush(stdout)));
	}
	w->pidfd = w->child > 0 ? (int)syscall(SYS_pidfd_open, w->child, 0) : -1;
	if (w->child < 0)
		w->child = 0;
}

/* Another command of this program, as if typed; it may use the whole terminal, and Ctrl-C is its. */
static void run_command(struct watch *w, const char *name)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction saved;
	pid_t pid;

	stop_check(w);
	restore_terminal(w);
	show_head(w);
	sigaction(SIGINT, &ignore, &saved);
	pid = fork();
	if (!pid) {
		char *argv[] = { "workbook", (char *)name,
				 strcmp(name, "list") ? (char *)w->unit->number : NULL,
				 strcmp(name, "diff") ? NULL : "--exercise", NULL };

		sigaction(SIGINT, &saved, NULL);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	sigaction(SIGINT, &saved, NULL);
	listen_keys(w);
	show_keys(w);
}

/* --- units --- */

static int watch_unit(struct watch *w, const struct unit *unit)
{
	if (w->watched >= 0)
		inotify_rm_watch(w->events, w->watched);
	w->unit = unit;
	/* Editors write in place, or write a new file and rename it. */
	w->watched = inotify_add_watch(w->events, unit->exercise, IN_CLOSE_WRITE | IN_MOVED_TO);
	return w->watched < 0 ? err_sys("%s", unit->exercise) : 0;
}

/* The next exercise, behind the present one, that has not passed. */
static void go_on(struct watch *w)
{
	size_t at = 0;

	while (at < w->units.count && strcmp(w->units.items[at].name, w->unit->name))
		at++;
	for (size_t i = 1; i <= w->units.count; i++) {
		const struct unit *u = &w->units.items[(at + i) % w->units.count];
		cleanup_exercise struct exercise e = { 0 };

		if (exercise__load(&e, u) || e.state == EXERCISE_PASSED)
			continue;
		if (!watch_unit(w, u))
			start_check(w);
		return;
	}
	printf("All exercises have passed.\n");
	fflush(stdout);
}

/* --- events --- */

static bool is_source(const struct watch *w, const char *name)
{
	for (const char *const *ending = unit_sources; *ending; ending++) {
		cleanup_free char *source = xprintf("%s%s", w->unit->topic, *ending);

		if (!strcmp(source, name))
			return true;
	}
	return false;
}

/* Reads what has happened in the folder, a burst as one. Returns whether a source was saved. */
static bool was_saved(struct watch *w)
{
	char text[4096] __attribute__((aligned(8)));
	struct pollfd fd = { w->events, POLLIN, 0 };
	bool saved = false;
	ssize_t n;

	while (poll(&fd, 1, BURST_MS) > 0 && (n = read(w->events, text, sizeof(text))) > 0) {
		for (char *p = text; p < text + n;) {
			const struct inotify_event *e = (void *)p;

			saved |= e->len && is_source(w, e->name);
			p += sizeof(*e) + e->len;
		}
	}
	return saved;
}

/* Returns false when the key ends the watch. */
static bool obey_key(struct watch *w)
{
	char key = 'q';

	if (read(0, &key, 1) < 0)
		return false;
	switch (key) {
	case 'h':
		run_command(w, "hint");
		return true;
	case 'l':
		run_command(w, "list");
		return true;
	case 'd':
		run_command(w, "diff");
		return true;
	case 'n':
		go_on(w);
		return true;
	case 'c':
		start_check(w);
		return true;
	case 'q':
		return false;
	default:
		return true;
	}
}

static int watch_loop(struct watch *w)
{
	start_check(w);
	for (;;) {
		struct pollfd fds[] = { { w->events, POLLIN, 0 },
					{ w->child ? w->pidfd : -1, POLLIN, 0 },
					{ w->keys ? 0 : -1, POLLIN, 0 } };
		const int waited[] = { w->events, w->child ? w->pidfd : -1, w->keys ? 0 : -1 };

		if (interrupt__wait_any(waited, ARRAY_SIZE(waited), INT64_MAX))
			return EXIT_MATCH;
		poll(fds, ARRAY_SIZE(fds), 0);
		if (fds[0].revents && was_saved(w)) {
			start_check(w);
		} else if (fds[1].revents) {
			stop_check(w); /* it has ended: only collects it */
			show_keys(w);
		} else if (fds[2].revents && !obey_key(w)) {
			return EXIT_MATCH;
		}
	}
}

/* --- */

static int begin(struct watch *w)
{
	const struct unit *unit = NULL;
	int err = units__load(&w->units, units_root());

	if (!err && w->named) {
		cleanup_unit struct unit named = { 0 };

		err = unit__find(&named, units_root(), w->named);
		for (size_t i = 0; i < w->units.count && !err; i++)
			if (!strcmp(w->units.items[i].name, named.name))
				unit = &w->units.items[i];
	} else if (!err) {
		unit = exercise__next(&w->units, &err);
	}
	if (err)
		return EXIT_SETUP;
	if (!unit) {
		puts("All exercises have passed.");
		return EXIT_MATCH;
	}
	w->events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->events < 0 || watch_unit(w, unit))
		return EXIT_SETUP;
	w->keys = !tcgetattr(0, &w->saved);
	listen_keys(w);
	err = watch_loop(w);
	stop_check(w);
	restore_terminal(w);
	return err;
}

COMMAND(watch, "check your exercise again at each save", &argp)
{
	struct watch watch = { .events = -1, .watched = -1, .pidfd = -1 };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &watch);
	interrupt__install();
	code = begin(&watch);
	close_fd(&watch.events);
	units__free(&watch.units);
	strings__free(&watch.kernels);
	return code;
}
