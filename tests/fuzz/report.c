// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fuzzes what reads and prints the judge's output: nothing that could steer a terminal comes through,
 * and ASCII keeps to the width.
 */
#include "fuzz.h"
#include "report.h"

static const struct text seeds[] = {
	SEED("\74verdict match\ncolumns PID COMM\nrow bcc = 7 a\nrow libbpf = 7 a\nrow truth = 7 "
	     "a\n"),
	SEED("\50verdict mismatch\nmessage libbpf: 1 row missing\nmessage bcc: printed nothing\n"
	     "cause c\nneed ok n\nneed missing m\ncolumns A B C\nrow bcc ! 1 2 3 4\nrow libbpf . "
	     "x\n"
	     "more truth 9\nrow truth ! \xc3\xa4 \xff\n"),
};

static void check_text(const char *s)
{
	struct buf b = { 0 };

	CHECK(s && strlen(s) <= REPORT_MAX_TEXT);
	CHECK(text__visible(&b, (struct text){ s, strlen(s) }));
	buf__free(&b);
}

static void check_report(const struct report *r)
{
	for (size_t i = 0; i < r->nr_messages; i++)
		check_text(r->message[i]);
	for (size_t i = 0; i < r->nr_columns; i++)
		check_text(r->column[i]);
	for (size_t i = 0; i < r->nr_needs; i++)
		check_text(r->need[i].text);
	if (r->cause)
		check_text(r->cause);
	for (int s = 0; s < REPORT_SIDES; s++) {
		CHECK(r->side[s].nr <= REPORT_MAX_ROWS);
		for (size_t i = 0; i < r->side[s].nr; i++)
			check_text(r->side[s].row[i].text);
	}
}

/* The printed text: printable lines no longer than `width` characters. */
static void check_print(const struct report *r, unsigned int width)
{
	char *text = NULL, *rest, *line;
	size_t len, most = !width ? 80 : width < 30 ? 30 : width;
	FILE *f = open_memstream(&text, &len);

	CHECK(f);
	report__print(f, r, width);
	fclose(f);
	CHECK(strlen(text) == len);
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		size_t n = 0;

		for (char *c = line; *c; c++)
			n += (*c & 0xc0) != 0x80;
		CHECK(n <= most);
		check_text(line);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct report r;

	if (!len)
		return 0;
	report__parse(&r, (const char *)data + 1, len - 1);
	check_report(&r);
	check_print(&r, data[0]);
	report__free(&r);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
