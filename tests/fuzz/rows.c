// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fuzzes the judge: three texts of any kind, compared under one of several rules. What must hold:
 * matching is symmetric, a match means equal multisets of rows (counted here once more, naively), and
 * a matching output does not match any more when it is cut or printed twice.
 */
#include "fuzz.h"
#include "report.h"

static const struct rows_rule rules[] = {
	{ .columns = "PID COMM COUNT", .own = "PID" },
	{ .columns = "PID COMM COUNT" },
	{ .columns = "PID COMM COUNT", .own = "PID", .mask = "COMM", .sum = "COUNT" },
	{ .columns = "PID COMM COUNT", .own = "PID", .ordered = true },
	{ .columns = "PID COMM COUNT", .mask = "COUNT", .ordered = true },
	{ .columns = "PID COMM COUNT", .own = "COUNT", .sum = "PID", .ordered = true },
};

/* Most inputs are spelled in these words, so that whole tables come about; 0 is any byte. */
static const char *const words[] = {
	NULL,
	"7",
	"8",
	"7 sh 3\n",
	"7 ls 1\n",
	"8 sh 2\n",
	"sh",
	" ",
	"\n",
	"\t",
	"PID COMM COUNT\n",
	"@own 7\n@own 8\n",
	"@end\n",
	"-",
	"@ready\n",
	"@bcc x\n",
	"@mistake too much\n",
	"9223372036854775807",
	"0",
	"20480",
	"80",
	"1.0.0.127",
	"127.0.0.1",
	"9 x 1\n",
	"\xc3",
	"\x1b",
};

/* A rule and a spelling; then the texts, 0xff between them. */
static const struct text seeds[] = {
	SEED("\0\0PID COMM COUNT\n7 sh 3\n\xffPID COMM COUNT\n7 sh 3\n\xff@own 7\n"
	     "PID COMM COUNT\n7 sh 3\n@mistake m\n7 sh 6\n@end\n"),
	SEED("\2\0PID COMM COUNT\n7 sh 3\n7 ls 4\n\xffPID COMM COUNT\n7 x 7\n\xff@own 7\n"
	     "PID COMM COUNT\n7 sh 7\n@end\n"),
	SEED("\3\1\12\3\4\xff\12\4\3\xff\13\12\3\4\14"),
	SEED("\0\1\12\3\3\4\xff\12\3\4\3\xff\13\12\4\3\3\20\3\14"),
};

/* Cuts the next text off the input, spelled out. */
static void next_text(const uint8_t **data, size_t *len, bool spelled, struct buf *out)
{
	while (*len && **data != 0xff) {
		uint8_t c = *(*data)++;

		--*len;
		if (!spelled)
			buf__add(out, &c, 1);
		else if (words[c % ARRAY_SIZE(words)])
			buf__printf(out, "%s", words[c % ARRAY_SIZE(words)]);
		else
			buf__add(out, &c, 1);
	}
	*data += !!*len;
	*len -= !!*len;
	buf__add(out, "", 0);
}

static bool naive_equal(const struct rows *a, const struct rows *b)
{
	cleanup_free bool *used = xcalloc(b->nr, sizeof(bool));

	if (a->nr_own != b->nr_own)
		return false;
	for (size_t i = 0; i < a->nr; i++) {
		bool found = a->row[i].mark == '.';

		for (size_t k = 0; k < b->nr && !found; k++)
			if (!used[k] && b->row[k].mark != '.' &&
			    !strcmp(a->row[i].key, b->row[k].key))
				found = used[k] = true;
		if (!found)
			return false;
	}
	return true;
}

static bool check_pair(const struct rows *a, const struct rows *b, bool ordered)
{
	bool match = rows__match(a, b, ordered, NULL);
	bool sound = !a->problem && !b->problem && a->nr_own && b->nr_own;

	CHECK(match == rows__match(b, a, ordered, NULL));
	CHECK(!match || (sound && naive_equal(a, b)));
	CHECK(ordered || match == (sound && naive_equal(a, b)));
	CHECK(rows__match(a, a, ordered, NULL) == (!a->problem && a->nr_own));
	return match;
}

/* A matching output, less its last byte or printed twice. */
static void check_damage(const struct rows_rule *rule, const struct truth *truth,
			 const struct buf *text)
{
	struct buf twice = { 0 };
	struct rows rows;

	rows__parse(&rows, rule, truth, (struct text){ text->data, text->len - 1 });
	CHECK(!rows__match(&rows, &truth->rows, rule->ordered, NULL));
	rows__free(&rows);
	buf__add(&twice, text->data, text->len);
	buf__add(&twice, text->data, text->len);
	rows__parse(&rows, rule, truth, (struct text){ twice.data, twice.len });
	CHECK(!rows__match(&rows, &truth->rows, rule->ordered, NULL));
	rows__free(&rows);
	buf__free(&twice);
}

static bool check_tables(const struct rows_rule *rule, const struct buf *text)
{
	struct rows bcc, libbpf;
	struct truth truth;
	bool match;

	truth__parse(&truth, rule, (struct text){ text[2].data, text[2].len });
	rows__parse(&bcc, rule, &truth, (struct text){ text[0].data, text[0].len });
	rows__parse(&libbpf, rule, &truth, (struct text){ text[1].data, text[1].len });
	check_pair(&bcc, &libbpf, rule->ordered);
	match = check_pair(&libbpf, &truth.rows, rule->ordered);
	if (match)
		check_damage(rule, &truth, &text[1]);
	match &= check_pair(&bcc, &truth.rows, rule->ordered);
	rows__free(&bcc);
	rows__free(&libbpf);
	truth__free(&truth);
	return match;
}

static void check_judge(const struct rows_rule *rule, const struct buf *text, bool match)
{
	static const struct need needs[] = { { "*PID*", "p" }, { "!*@own*", "o" } };
	const struct judge_input in = { { text[0].data, text[0].len },
					{ text[1].data, text[1].len },
					{ text[2].data, text[2].len },
					{ text[2].data, text[2].len } };
	struct buf out = { 0 };
	struct report report;
	size_t nr_needs = text[0].len & 1 ? ARRAY_SIZE(needs) : 0;
	enum verdict v = rows__judge(rule, needs, nr_needs, &in, &out);

	CHECK(v != VERDICT_MATCH || match);
	CHECK(nr_needs || (v == VERDICT_MATCH) == match);
	CHECK(!report__parse(&report, out.data, out.len));
	CHECK(report.match == (v == VERDICT_MATCH));
	CHECK(report.match || report.nr_messages);
	report__free(&report);
	buf__free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct rows_rule *rule;
	struct buf text[3] = { 0 };
	bool spelled;

	if (len < 2)
		return 0;
	rule = &rules[data[0] % ARRAY_SIZE(rules)];
	spelled = data[1] % 4;
	data += 2;
	len -= 2;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		next_text(&data, &len, spelled, &text[i]);
	check_judge(rule, text, check_tables(rule, text));
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		buf__free(&text[i]);
	return 0;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	return plant(*argc, *argv, seeds, ARRAY_SIZE(seeds));
}
