// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fts.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "command.h"
#include "exercise.h"
#include "image.h"
#include "proc.h"
#include "store.h"
#include "vm.h"

#define TOOL_MS	   10000
#define NAME_WIDTH 11
#define UNBROKEN   1000 /* columns where there is no terminal */

static const struct argp_option options[] = {
	{ "json", 'J', NULL, 0, "As JSON", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg __maybe_unused, struct argp_state *state)
{
	bool *json = state->input;

	if (key != 'J')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Tell what is installed and ready, what is missing, and the line that installs it."
	       "\v"
	       "Exit status: 0 everything is there, 1 something is missing.",
};

/* What the doctor has found. The tools are told as they are found: asking each takes a while. */
struct findings {
	json_t *tools, *kernels, *edited, *disk;
	const char *accel, *why;
	struct buf lacking; /* names of tools, ", " before each */
	char *missing;	    /* the line that installs packages, or NULL */
};

/* A line "NAME what", continued below in a narrow terminal. */
static void tell(const char *name, const char *fmt, ...) __printf(2, 3);
static void tell(const char *name, const char *fmt, ...)
{
	cleanup_buf struct buf lines = { 0 };
	cleanup_free char *what = NULL, *line = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (n < 0)
		abort();
	/* The name takes the place of the blanks that what continues it is aligned with. */
	line = xprintf("%*s%s", NAME_WIDTH, "", what);
	text__wrap(&lines, line, strlen(line), terminal_width(UNBROKEN));
	printf("%-*s%s", NAME_WIDTH, name, lines.data + NAME_WIDTH);
	fflush(stdout);
}

/* First line that the command prints, without its end; NULL when it cannot be run. */
static char *first_line(const char *const argv[])
{
	cleanup_buf struct buf out = { 0 }, err = { 0 };

	if (proc__run(argv, &out, &err, TOOL_MS) || !out.len)
		return NULL;
	return text__trim(out.data, strcspn(out.data, "\n"));
}

static void find_tools(struct findings *f, bool json)
{
	static const char *const tools[][4] = {
		{ "make", "make", "--version" },
		{ "gcc", "cc", "--version" },
		{ "clang", "clang", "--version" },
		{ "bpftool", "/usr/sbin/bpftool", "version" },
		{ "qemu", "qemu-system-x86_64", "--version" },
		{ "libbpf", "pkg-config", "--modversion", "libbpf" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		const char *const argv[] = { tools[i][1], tools[i][2], tools[i][3], NULL };
		cleanup_free char *version = first_line(argv);

		json_object_set_new(f->tools, tools[i][0],
				    version ? json_string(version) : json_null());
		if (!json)
			tell(tools[i][0], "%s", version ? version : "missing");
		if (!version)
			buf__printf(&f->lacking, ", %s", tools[i][0]);
	}
}

static void find_missing(struct findings *f)
{
	cleanup_free char *script = xprintf("%s/src/setup.sh", project_root());
	const char *const argv[] = { "sh", script, "--missing", NULL };

	f->missing = first_line(argv);
}

static void find_kernels(struct findings *f)
{
	cleanup_strings struct strings names = { 0 };

	kernels__choose(&names, "all");
	f->accel = "unknown";
	f->why = "no image is built yet to try a boot with";
	for (size_t i = 0; i < names.count; i++) {
		struct image *image = NULL;
		bool ready = !image__find(names.items[i], &image);

		json_array_append_new(f->kernels,
				      json_pack("{s:s, s:b, s:s?, s:s?}", "name", names.items[i],
						"ready", ready, "release",
						ready ? image->release : NULL, "image",
						ready ? image->dir : NULL));
		if (ready)
			f->accel = vm__accel(image, &f->why);
		image__free(image);
	}
}

static int find_edited(struct findings *f)
{
	cleanup_units struct units units = { 0 };
	int err = units__load(&units, units_root());

	for (size_t i = 0; i < units.count && !err; i++) {
		cleanup_exercise struct exercise e = { 0 };

		err = exercise__load(&e, &units.items[i]);
		if (!err && e.edited)
			json_array_append_new(f->edited, json_string(units.items[i].name));
	}
	return err;
}

static long long folder_mb(const char *name)
{
	cleanup_free char *path = xprintf("%s/%s", cache_dir(), name);
	FTS *fts = fts_open((char *[]){ path, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	uint64_t bytes = 0;

	for (FTSENT *e; fts && (e = fts_read(fts));)
		if (e->fts_info == FTS_F)
			bytes += e->fts_statp->st_blocks * 512ULL;
	if (fts)
		fts_close(fts);
	return bytes >> 20;
}

static void find_disk(struct findings *f)
{
	struct statvfs vfs = { 0 };

	statvfs(cache_dir(), &vfs);
	f->disk = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "cache", cache_dir(), "snapshots_mb",
			    (json_int_t)(store__bytes() >> 20), "snapshots_bound_mb",
			    (json_int_t)(store__bound() >> 20), "images_mb",
			    (json_int_t)folder_mb("images"), "grades_mb",
			    (json_int_t)folder_mb("grades"), "free_mb",
			    (json_int_t)((uint64_t)vfs.f_bavail * vfs.f_frsize >> 20));
}

/* --- telling --- */

static long long disk_mb(const struct findings *f, const char *name)
{
	return json_integer_value(json_object_get(f->disk, name));
}

static void print_findings(const struct findings *f)
{
	json_t *value;
	size_t i;

	tell("machine", "%s: %s", f->accel, f->why);
	json_array_foreach (f->kernels, i, value) {
		const char *release = json_string_value(json_object_get(value, "release"));

		tell(i ? "" : "kernels", "%s: %s",
		     json_string_value(json_object_get(value, "name")),
		     release ? release : "no image yet; `./workbook image` builds it");
	}
	tell("disk",
	     "%s: snapshots %lld MB of at most %lld, images %lld MB, grades %lld MB; "
	     "%lld MB free",
	     json_string_value(json_object_get(f->disk, "cache")), disk_mb(f, "snapshots_mb"),
	     disk_mb(f, "snapshots_bound_mb"), disk_mb(f, "images_mb"), disk_mb(f, "grades_mb"),
	     disk_mb(f, "free_mb"));
	json_array_foreach (f->edited, i, value)
		tell(i ? "" : "edited", "%s", json_string_value(value));
	if (f->missing)
		printf("missing packages; as root:\n    %s\n", f->missing);
	else if (f->lacking.len)
		tell("missing", "%s, though no package is; see what PATH says",
		     f->lacking.data + 2);
	else
		puts("nothing is missing");
}

static void print_json(const struct findings *f)
{
	json_t *whole =
		json_pack("{s:i, s:O, s:{s:s, s:s}, s:O, s:O, s:O, s:s?}", "version", 1, "tools",
			  f->tools, "machine", "accel", f->accel, "why", f->why, "kernels",
			  f->kernels, "disk", f->disk, "edited", f->edited, "install", f->missing);
	cleanup_free char *text = json_dumps(whole, JSON_INDENT(2));

	puts(text ? text : "{}");
	json_decref(whole);
}

COMMAND(doctor, "tell what is installed and ready, and what is missing", &argp)
{
	struct findings f = { .tools = json_object(),
			      .kernels = json_array(),
			      .edited = json_array() };
	bool json = false;
	int err;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &json);
	find_tools(&f, json);
	find_missing(&f);
	find_kernels(&f);
	find_disk(&f);
	err = find_edited(&f);
	if (!err)
		json ? print_json(&f) : print_findings(&f);
	json_decref(f.tools);
	json_decref(f.kernels);
	json_decref(f.edited);
	json_decref(f.disk);
	err = err ? EXIT_SETUP : f.missing || f.lacking.len ? EXIT_MISMATCH : EXIT_MATCH;
	free(f.missing);
	buf__free(&f.lacking);
	return err;
}
