// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A small project without fault, broken in one place at a time: each break must be a complaint. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "lint.h"
#include "proc.h"

#define SPDX_C	"// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"
#define SPDX_H	"/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */\n"
#define SPDX_PY "# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause\n"

#define CHAPTER	 "chapters/07-tiny.md"
#define PAGE	 "chapters/00-start-here.md"
#define BCC	 "bcc/07-tiny.py"
#define TWIN	 "libbpf/07-tiny/tiny"
#define STARTER	 "exercises/07-tiny/tiny"
#define SOLUTION "solutions/07-tiny/tiny"
#define README	 "exercises/07-tiny/README.md"
#define IDS	 "exercises/07-tiny/starter.ids"

static char project[] = "/tmp/lint-test-XXXXXX";

static const char chapter[] =
	"---\n"
	"title: Tiny\n"
	"---\n"
	"See [the start](00-start-here.md#top), [root](/README.md), `[no](x)`,\n"
	"[there](https://example.com/x) and [units](../libbpf/07-tiny).\n"
	"\n"
	"```compare maps\n"
	"```\n"
	"A map is a map.\n"
	"\n"
	"```compare load\n"
	"```\n"
	"Loading is loading.\n"
	"\n"
	"```compare types only=libbpf\n"
	"```\n"
	"Python needs none.\n"
	"\n"
	"```c libbpf/07-tiny/tiny.c#/^int main/,/^}/\n"
	"```\n"
	"```python bcc/07-tiny.py:load\n"
	"```\n"
	"```console\n"
	"$ make check && sudo ./workbook --help | less  # make nothing\n"
	"make nonsense\n"
	"```\n";

static const char readme[] = "---\n"
			     "title: Tiny too\n"
			     "points: {builds: 1, matches: 5}\n"
			     "programs: kprobe/*\n"
			     "only: {license: libbpf}\n"
			     "---\n"
			     "## Task\n"
			     "Do it.\n"
			     "<details>\n<summary>1</summary>\nThink.\n</details>\n"
			     "<details>\n<summary>2</summary>\nLook.\n</details>\n"
			     "<details>\n<summary>3</summary>\nWrite.\n</details>\n";

static const char python[] = SPDX_PY "# --- load ---\n"
				     "text = r\"\"\"\n"
				     "/* --- maps --- */\n"
				     "BPF_HASH(counts);\n"
				     "\"\"\"\n"
				     "# --- load ---\n"
				     "b = text\n";

static const char loader[] = SPDX_C "/* --- load --- */\n"
				    "int main(void)\n"
				    "{\n"
				    "\treturn 0;\n"
				    "}\n";

static const struct {
	const char *path, *text;
} files[] = {
	{ "Makefile", SPDX_PY "check: all\nall:\nX := y\n$(UNITS): z\n.PHONY: other\nt-%: u\n" },
	{ "README.md",
	  "Read [the start](chapters/00-start-here.md).[^1]\n\n[^1]: Now.\n[y]: Makefile\n" },
	{ PAGE, "# Start\n\n```text\nfree\n```\n\n| BCC | libbpf | unit |\n|---|---|---|\n"
		"| `BPF_HASH(...)` | `struct {} ...;` | [07](07-tiny.md) |\n" },
	{ CHAPTER, chapter },
	{ BCC, python },
	{ TWIN ".h", SPDX_H "#ifndef T\n#define T\n/* --- types --- */\nstruct t;\n#endif\n" },
	{ TWIN ".bpf.c", SPDX_C "/* --- maps --- */\nstruct {} counts;\n" },
	{ TWIN ".c", loader },
	{ "libbpf/common/tool.c", SPDX_C "int x;\n" },
	{ "exercises/07-tiny/prototype.py", python },
	{ README, readme },
	{ STARTER ".h", SPDX_H "/* --- types --- */\nstruct t;\n" },
	{ STARTER ".bpf.c",
	  SPDX_C "/* --- maps --- */\n/* TODO: a map */\n/* --- license --- */\n" },
	{ STARTER ".c", loader },
	{ SOLUTION ".h", SPDX_H "/* --- types --- */\nstruct t;\n" },
	{ SOLUTION ".bpf.c", SPDX_C "/* --- maps --- */\nint m;\n/* --- license --- */\n" },
	{ SOLUTION ".c", loader },
	{ "tests/07-tiny.c", SPDX_C },
	{ "tests/wrong/07-tiny/one.patch", "" },
	{ "tests/wrong/07-tiny/two.patch", "" },
};

static void put(const char *path, const char *text)
{
	cleanup_free char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');

	if (slash) {
		*slash = '\0';
		assert_int_equal(file__mkdirs(folder), 0);
	}
	assert_int_equal(file__write(path, text, strlen(text)), 0);
}

static char *get(const char *path)
{
	struct buf text = { 0 };

	assert_int_equal(file__read(path, &text), 0);
	return text.data;
}

static struct lint run_lint(bool fix)
{
	struct lint lint = { .fix = fix };

	assert_int_equal(lint__run(&lint), 0);
	return lint;
}

static int make_project(void **state)
{
	if (!mkdtemp(project) || chdir(project))
		return -1;
	return 0;
}

static int remove_project(void **state)
{
	file__remove_tree(project);
	return 0;
}

/* The project without fault, its generated blocks written. */
static void put_project(void)
{
	struct lint lint;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		put(files[i].path, files[i].text);
	unlink(IDS);
	lint = run_lint(true);
	assert_int_equal(lint.count, 0);
	assert_int_equal(lint.fixed, 6);
	lint__free(&lint);
}

/* Each takes `find` in `file` out for `replace` (NULL: all of the file for `replace`; both NULL:
 * removes the file), and must be complained about in `where`, with `say`.
 */
static const struct {
	const char *file, *find, *replace;
	const char *where, *say;
} breaks[] = {
	/* sections */
	{ BCC, "--- maps", "--- map", BCC ":5:", "section map: no such name" },
	{ TWIN ".bpf.c", "maps", "tables", TWIN ".bpf.c:3:", "section tables: no such name" },
	{ TWIN ".c", "/* --- load --- */", "// --- load ---", TWIN ".c:2:", "not quite a section" },
	{ BCC, "# --- load ---\nb", "#--- load ---\nb", BCC ":7:", "not quite a section" },
	{ BCC, "# --- load ---\nb", "b", BCC ":7:", "Python code in a section of the C text" },
	{ TWIN ".c", "/* --- load --- */", "int x;", TWIN ".c:2:", "before the first section" },
	{ SOLUTION ".c", "/* --- load --- */\n", "", SOLUTION ".c:2:", "before the first section" },
	/* the pair and the chapter's rows */
	{ BCC, "b = text", "b = text\n# --- loop ---\nx",
	  BCC ":10:", "compare loop into " CHAPTER },
	{ TWIN ".c", "int main", "int x;\n/* --- loop --- */\nint main",
	  TWIN ".c:5:", "does not show it" },
	{ CHAPTER, "compare load\n", "compare load only=bcc\n", CHAPTER, "but libbpf has" },
	{ CHAPTER, "compare load\n", "compare load only=libbpf\n", CHAPTER, "but BCC has" },
	{ CHAPTER, " only=libbpf", "", CHAPTER, "BCC has no such section" },
	{ TWIN ".bpf.c", "/* --- maps --- */\n", "/* --- types --- */\n",
	  CHAPTER ":7:", "libbpf has no such section" },
	{ CHAPTER, "compare load\n", "compare attach\n", CHAPTER, "neither source has" },
	{ CHAPTER, "compare load\n", "compare maps\n", CHAPTER, "second row" },
	{ CHAPTER, "compare load\n", "compare lod\n", CHAPTER, "not a section's name" },
	{ CHAPTER, "compare load\n", "compare load only=c\n", CHAPTER,
	  "something else than only=" },
	{ CHAPTER, "A map is a map.", "", CHAPTER ":7:", "no reason" },
	{ PAGE, "```text", "```compare maps", PAGE ":3:", "compare outside a unit's chapter" },
	/* generated bodies */
	{ BCC, "BPF_HASH(counts)", "BPF_ARRAY(counts)", CHAPTER ":7:", "not what the source says" },
	{ TWIN ".bpf.c", SPDX_C, SPDX_C "// More.\n", CHAPTER ":7:", "not what the source says" },
	{ TWIN ".c", "return 0", "return 1", CHAPTER, "c libbpf/07-tiny/tiny.c#" },
	{ TWIN ".c", "int main", "int principal", CHAPTER, "no line of the file matches" },
	{ CHAPTER, "tiny.py:load", "tiny.py:loop", CHAPTER, "no such section in this language" },
	{ CHAPTER, "python bcc/07", "python bcc/08", CHAPTER, "no such file in the project" },
	{ CHAPTER, "c libbpf/07-tiny/tiny.c#/^int main/,/^}/", "c", CHAPTER, "names no source" },
	{ PAGE, "```text", "```diff", PAGE ":3:", "names no source" },
	{ PAGE, "```text", "```make Makefile#all", PAGE ":3:", "not a line pattern" },
	{ PAGE, "```text", "```", PAGE ":3:", "without a language" },
	{ PAGE, "free\n```", "free", PAGE ":3:", "fence without an end" },
	/* commands, links, length */
	{ CHAPTER, "make check", "make chek", CHAPTER, "make chek: the Makefile has no" },
	{ CHAPTER, "make check", "X='a b' make \"U=1 2\" check V='3; 4' 5", CHAPTER,
	  "make 5: the Makefile has no" },
	{ CHAPTER, "make check", "make 08", CHAPTER, "make 08: the Makefile has no" },
	{ CHAPTER, "workbook --help", "workbook frob", CHAPTER, "workbook frob: no such command" },
	{ CHAPTER, "$ make check", "$ ls; make -s V=1 t-1 other X", CHAPTER, "make X: " },
	{ PAGE, "```text", "```console", PAGE ":3:", "without a command" },
	{ PAGE, "```text\nfree", "```sh\nmake free", PAGE ":4:", "make free: " },
	{ CHAPTER, "00-start-here.md", "00-start.md", CHAPTER ":4:", "link to 00-start.md" },
	{ CHAPTER, "../libbpf/07-tiny", "../../libbpf", CHAPTER ":5:", "link to ../../libbpf" },
	{ CHAPTER, "/README.md", "README.md", CHAPTER ":4:", "link to README.md" },
	{ "README.md", "[the start](", "[x]\n[x]: y.md\n(", "README.md:2:", "link to y.md" },
	{ PAGE, "# Start", "", PAGE, "1607 words" }, /* see break_it() */
	/* tables */
	{ PAGE, "BPF_HASH(...)", "BPF_ARRAY(...)", PAGE ":9:", "not in the sources of 07-tiny" },
	{ PAGE, "struct {} ...;", "struct {} ...,", PAGE ":9:", "not in the sources of 07-tiny" },
	{ PAGE, "07-tiny.md", "08-tiny.md", PAGE ":9:", "no unit in the last cell" },
	{ PAGE, "| BCC | libbpf |", "| BCC |", PAGE ":9:", "3 cells under 2 heads" },
	{ BCC, "BPF_HASH(counts)", "BPF_ARRAY(counts)", BCC ":5:", "BPF_ARRAY() is in no table" },
	{ BCC, "b = text", "b = text.format(1)", BCC ":8:", "format() is in no table" },
	/* front matter */
	{ CHAPTER, "title: Tiny", "titel: Tiny", CHAPTER ":2:", "no such key" },
	{ CHAPTER, "---\ntitle: Tiny\n---\n", "", CHAPTER ":1:", "front matter: none" },
	{ CHAPTER, "title: Tiny", "title: T\npoints: {loads: 1}", CHAPTER ":4:", "an exercise's" },
	{ README, "points: {builds: 1, matches: 5}\n", "", README ":5:", "no points" },
	{ README, "programs: kprobe/*\n", "", README ":5:", "no programs" },
	{ README, "points: {builds", "points: {build", README ":3:", "not an item" },
	{ PAGE, "# Start", "---\nx\n---", PAGE ":2:", "not front matter" },
	/* completeness */
	{ CHAPTER, NULL, NULL, CHAPTER ":1:", "missing" },
	{ BCC, NULL, NULL, BCC ":1:", "missing" },
	{ TWIN ".h", NULL, NULL, TWIN ".h:1:", "missing" },
	{ TWIN ".bpf.c", NULL, NULL, TWIN ".bpf.c:1:", "missing" },
	{ TWIN ".c", NULL, NULL, TWIN ".c:1:", "missing" },
	{ STARTER ".c", NULL, NULL, STARTER ".c:1:", "missing" },
	{ SOLUTION ".bpf.c", NULL, NULL, SOLUTION ".bpf.c:1:", "missing" },
	{ README, NULL, NULL, README ":1:", "missing" },
	{ "exercises/07-tiny/prototype.py", NULL, NULL,
	  "exercises/07-tiny/prototype.py:1:", "missing" },
	{ "tests/07-tiny.c", NULL, NULL, "tests/07-tiny.c:1:", "missing" },
	{ "tests/wrong/07-tiny/one.patch", NULL, NULL,
	  "tests/wrong/07-tiny:1:", "1 wrong solutions" },
	{ "bcc/07-other.py", NULL, SPDX_PY,
	  "chapters/07-tiny.md:1:", "unit 07 is 07-other already" },
	{ "bcc/tiny.py", NULL, SPDX_PY, "bcc/tiny.py:1:", "no unit has such a file" },
	{ "libbpf/07-tiny/Makefile", NULL, SPDX_PY, "libbpf/07-tiny/Makefile:1:", "no unit has" },
	{ "libbpf/07-tiny/tiny2.c", NULL, SPDX_C, "libbpf/07-tiny/tiny2.c:1:", "no unit has" },
	{ "solutions/07-tiny/README.md", NULL, "",
	  "solutions/07-tiny/README.md:1:", "no unit has" },
	{ "exercises/notes.md", NULL, "", "exercises/notes.md:1:", "no unit has such a file" },
	{ "tests/wrong/07-tiny/x", NULL, "",
	  "tests/wrong/07-tiny/x:1:", "no unit has such a file" },
	/* the exercise */
	{ README, "## Task", "## Work", README ":1:", "no task" },
	{ README, "<details>\n<summary>2</summary>\nLook.\n</details>\n", "", README, "2 hints" },
	{ README, "Do it.", "<details>\n<summary>0</summary>\n</details>", README, "4 hints" },
	{ README, "Look.\n</details>", "Look.", README, "without its end or summary" },
	{ README, "<summary>2</summary>\n", "", README, "without its end or summary" },
	{ IDS, NULL, NULL, IDS, "run `./workbook lint --fix`" },
	{ STARTER ".bpf.c", "TODO", "Do", STARTER ".bpf.c:1:", "starter without a TODO" },
	{ SOLUTION ".c", "return 0;", "return 0; /* TODO */", SOLUTION ".c:1:", "with a TODO" },
	{ STARTER ".bpf.c", "/* --- license --- */\n", "",
	  STARTER ".bpf.c:1:", "no section license" },
	{ STARTER ".c", "int main", "/* --- loop --- */\nint main",
	  STARTER ".c:4:", "section loop: the solution's file has none" },
	{ README, "only: {license: libbpf}\n", "",
	  SOLUTION ".bpf.c:4:", "the other side has none" },
	{ README, "license: libbpf", "license: libbpf, maps: bcc", README,
	  "maps is not one-sided" },
	{ "exercises/07-tiny/prototype.py", "b = text", "b = text\n# --- args ---\nx",
	  "exercises/07-tiny/prototype.py:10:", "section args: the other side has none" },
	/* every source */
	{ TWIN ".c", SPDX_C, "/* No licence. */\n", TWIN ".c:1:", "no SPDX line" },
	{ "src/x.sh", NULL, "#!/bin/sh\n\n" SPDX_PY, "src/x.sh:2:", "no SPDX line" },
	{ ".ci/run", NULL, "#!/bin/sh\n", ".ci/run:1:", "no SPDX line" },
	{ BCC, "b = text", "b = (text", BCC, "not Python 3.9" },
	{ BCC, "b = text", "match text:\n    case 1: pass", BCC, "not Python 3.9" },
	{ BCC, "b = text", "b = '\\d'", BCC, "not Python 3.9" },
};

static void break_it(size_t i)
{
	const char *file = breaks[i].file, *find = breaks[i].find, *replace = breaks[i].replace;
	cleanup_free char *text = NULL;
	cleanup_buf struct buf out = { 0 };
	char *at;

	if (!strncmp(file, STARTER, strlen(STARTER)))
		unlink(IDS); /* a starter that is not one yet: an edited one is a learner's */
	if (!find && !replace) {
		assert_true(!unlink(file) || !strcmp(file, IDS));
		return;
	}
	if (!find) {
		put(file, replace);
		return;
	}
	text = get(file);
	at = strstr(text, find);
	assert_non_null(at);
	buf__add(&out, text, at - text);
	buf__add(&out, replace, strlen(replace));
	buf__add(&out, at + strlen(find), strlen(at + strlen(find)));
	for (int n = 0; strstr(breaks[i].say, "words") && n < 1601; n++)
		buf__printf(&out, "| w%s", n % 9 ? " " : "\n");
	put(file, out.data);
}

static bool complains(const struct lint *lint, const char *where, const char *say)
{
	for (size_t i = 0; i < lint->count; i++) {
		const struct complaint *c = &lint->items[i];
		cleanup_free char *place = xprintf("%s:%u:", c->file, c->line);

		assert_non_null(strstr(c->text, "; ")); /* what; mend */
		if (!strncmp(place, where, strlen(where)) && strstr(c->text, say))
			return true;
	}
	return false;
}

static void check_break(size_t i)
{
	struct lint lint = run_lint(false);

	if (!complains(&lint, breaks[i].where, breaks[i].say)) {
		lint__print(&lint, stderr);
		fail_msg("no complaint '%s ... %s'", breaks[i].where, breaks[i].say);
	}
	lint__free(&lint);
}

static void test_breaks(void **state)
{
	put_project();
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		bool there = !access(breaks[i].file, F_OK);
		cleanup_free char *text = there ? get(breaks[i].file) : NULL;

		break_it(i);
		check_break(i);
		if (there)
			put(breaks[i].file, text);
		else
			unlink(breaks[i].file);
	}
}

static void test_fix(void **state)
{
	cleanup_free char *before = NULL, *after = NULL;
	struct lint lint;

	put_project();
	before = get(CHAPTER);
	assert_non_null(strstr(before,
			       "/* bcc/07-tiny.py:5 */\nBPF_HASH(counts);\n\"\"\"\n\n"
			       "/* libbpf/07-tiny/tiny.bpf.c:3 */\nstruct {} counts;\n```\n"));
	assert_non_null(strstr(before, "int main(void)\n{\n\treturn 0;\n}\n```\n"));
	lint = run_lint(true);
	assert_int_equal(lint.fixed, 0);
	lint__free(&lint);
	put(BCC, SPDX_PY "# --- load ---\n\"\"\"\n/* --- maps --- */\nNEW;\n\"\"\"\n");
	lint = run_lint(true);
	assert_int_equal(lint.fixed, 3);
	assert_int_equal(lint.count, 0);
	lint__free(&lint);
	after = get(CHAPTER);
	assert_non_null(strstr(after, "NEW;"));
	assert_null(strstr(after, "BPF_HASH"));
}

/* In a git repository, what git ignores is none of the project's files. */
static void test_git(void **state)
{
	static const char *const init[] = { "git", "init", "-q", ".", NULL };
	static const char *const add[] = { "git", "add", "tests", NULL };
	struct lint lint;

	put_project();
	put(".gitignore", "/ignored.c\n");
	put("ignored.c", "");
	put("seen.c", "");
	assert_int_equal(proc__run(init, NULL, NULL, 10000), 0);
	assert_int_equal(proc__run(add, NULL, NULL, 10000), 0);
	unlink("tests/07-tiny.c");
	lint = run_lint(false);
	assert_true(complains(&lint, "seen.c:1:", "no SPDX line"));
	assert_true(complains(&lint, "tests/07-tiny.c:1:", "missing"));
	assert_false(complains(&lint, "ignored.c:", ""));
	lint__free(&lint);
}

static void test_no_python(void **state)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), kept = dup(STDERR_FILENO);
	cleanup_free char *path = xstrdup(getenv("PATH"));
	struct lint lint;

	put_project();
	setenv("PATH", "/nowhere", 1);
	dup2(null, STDERR_FILENO);
	lint = run_lint(false);
	dup2(kept, STDERR_FILENO);
	setenv("PATH", path, 1);
	close(kept);
	close(null);
	assert_true(complains(&lint, BCC ":1:", "install python3"));
	lint__free(&lint);
}

static void test_print(void **state)
{
	cleanup_free char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct lint lint = { 0 };

	complain(&lint, "a.c", 3, "bad %s; mend it", "thing");
	lint__print(&lint, f);
	fclose(f);
	lint__free(&lint);
	assert_string_equal(text, "a.c:3: bad thing; mend it\nlint: 0 files, 1 complaints\n");
}

/* A learner's half-done work is no fault of the project's. */
static void test_edited(void **state)
{
	struct lint lint;

	put_project();
	put(STARTER ".bpf.c", "/* --- mapz --- */\n// --- no heading ---\n");
	put(STARTER ".c", "int before_any_heading;\n");
	lint = run_lint(false);
	assert_int_equal(lint.count, 0);
	lint__free(&lint);
}

/* An instructor's folder has exercises and nothing else; their list is written there as well. */
static void test_own(void **state)
{
	static const char *const ours[] = { "chapters", "bcc", "libbpf", "tests/wrong" };
	struct lint lint = { .own = true };

	put_project();
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		file__remove_tree(ours[i]);
	unlink(IDS);
	put(README, "---\ntitle: Count\n---\n");
	assert_int_equal(lint__run(&lint), 0);
	assert_true(complains(&lint, IDS ":1:", "lint --fix"));
	assert_true(complains(&lint, README ":3:", "no points"));
	assert_true(complains(&lint, README ":3:", "no programs"));
	assert_int_equal(lint.count, 3);
	lint__free(&lint);
	put(README, readme);
	lint = (struct lint){ .own = true, .fix = true };
	assert_int_equal(lint__run(&lint), 0);
	assert_int_equal(lint.count, 0);
	assert_int_equal(lint.fixed, 1);
	lint__free(&lint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_breaks),	  cmocka_unit_test(test_edited),
		cmocka_unit_test(test_fix),	  cmocka_unit_test(test_own),
		cmocka_unit_test(test_no_python), cmocka_unit_test(test_git),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, make_project, remove_project);
}
