// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <argp.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "image.h"
#include "image_build.h"
#include "interrupt.h"
#include "options.h"

struct args {
	struct strings kernels;
	bool path, list;
};

static const struct argp_option options[] = {
	{ "path", 'p', NULL, 0, "Print the folder of each image, once it is there", 0 },
	{ "list", 'l', NULL, 0, "List the kernels and their images; build nothing", 0 },
	{ 0 },
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct args *a = state->input;

	switch (key) {
	case 'p':
		a->path = true;
		return 0;
	case 'l':
		a->list = true;
		return 0;
	case ARGP_KEY_ARG:
		option__kernel(&a->kernels, arg);
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[KERNEL...|all]",
	.doc = "Build the virtual machines' images that are missing: without KERNEL, all.\v"
	       "The other commands build an image when they need it; this does it ahead of time. "
	       "It takes a minute each, 2 GB while building and 0.6 GB in "
	       "${XDG_CACHE_HOME:-~/.cache}/bcc-to-libbpf, and no root.\n\n"
	       "WORKBOOK_MIRROR=URL is used instead of deb.debian.org, TMPDIR instead of "
	       "/var/tmp.\n\n"
	       "Exit status: 0 all images are there, 2 one cannot be built, or usage.",
};

static void print_row(const char *kernel, const char *release, const char *size, const char *dir)
{
	cleanup_free char *row = xprintf("%-8s %-28s %6s  %s", kernel, release, size, dir);
	cleanup_buf struct buf shown = { 0 };

	buf__wrap(&shown, row, strlen(row), row_width(), 2);
	fputs(shown.data, stdout);
}

static void list_image(const char *kernel)
{
	cleanup_free char *disk = NULL, *size = NULL;
	struct image *image = NULL;
	struct stat st = { 0 };

	if (image__find(kernel, &image)) {
		print_row(kernel, "-", "-", "not built yet");
		return;
	}
	disk = xprintf("%s/root.ext4", image->dir);
	stat(disk, &st);
	size = xprintf("%lld MB", (long long)st.st_blocks * 512 / 1000000);
	print_row(kernel, image->release, size, image->dir);
	image__free(image);
}

static int list(const struct args *a)
{
	print_row("KERNEL", "RELEASE", "SIZE", "FOLDER");
	for (size_t i = 0; i < a->kernels.count; i++)
		list_image(a->kernels.items[i]);
	return 0;
}

/* Goes on after a failure: one mirror may be gone, the others there. */
static int build(const struct args *a)
{
	cleanup_free char *images = xprintf("%s/images", cache_dir());
	int worst = 0;

	image_build__clean(images);
	for (size_t i = 0; i < a->kernels.count && !interrupt__signal(); i++) {
		struct image *image = NULL;

		if (image__get(a->kernels.items[i], &image))
			worst = EXIT_SETUP;
		else if (a->path)
			puts(image->dir);
		image__free(image);
	}
	return interrupt__signal() ? EXIT_SETUP : worst;
}

COMMAND(image, "build the virtual machines' images ahead of time", &argp)
{
	struct args args = { 0 };
	int code;

	argp_err_exit_status = EXIT_SETUP;
	argp_parse(&argp, argc, argv, 0, NULL, &args);
	if (!args.kernels.count && kernels__choose(&args.kernels, "all"))
		return EXIT_SETUP;
	interrupt__install();
	code = args.list ? list(&args) : build(&args);
	strings__free(&args.kernels);
	return code;
}
