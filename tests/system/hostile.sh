#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Submissions that want to harm are graded as a class: each gets the verdict that it expects, the grader judges all
# of them, every report stays whole, nothing of the host gets into one, and nothing of theirs onto the host.
#
# tests/hostile/NAME.patch changes the solution of an exercise, 01 if it names none ("In: NN-topic"). NAME.sh makes
# what no patch can: it is called with an empty folder that it turns into the submission; one file alone in there is
# an archive, and is handed in itself.
# Their headers: "Expect: OUTCOME WORDS", perhaps "Expect-on KERNEL: OUTCOME WORDS", or "Expect-busy: OUTCOME WORDS"
# where it may also be that on a busy machine, then what is tried.
#
# hostile.sh [NAME...]: these only.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}

# What is to be stolen: in the environment, at home, at a place that a patch can name. A file of
# the host that bears the other name is a foothold.
export HOME=$work/home SECRET="a secret of $$" FOOTHOLD=foothold-of-a-submission
planted=/var/tmp/workbook-secret
mkdir -p "$HOME/.ssh" "$work/class" "$work/run"
echo "$SECRET" | tee "$HOME/secret" "$HOME/.ssh/id_rsa" >$planted
end_test()
{
    rm -f $planted
}

footholds()
{
    find /tmp /var/tmp /dev/shm "$work" -name "*$FOOTHOLD*" 2>/dev/null || :
}

# header NAME CASE: what stands behind it there.
header()
{
    sed -nE "s/^(# )?$1: //p" "$2" | head -n 1
}

unit_of()
{
    local unit
    unit=$(header In "$1")
    printf '%s\n' "${unit:-01-kprobe-counter}"
}

# make_submission CASE: prints the path of what is handed in.
make_submission()
{
    local name dir only unit
    unit=$(unit_of "$1")
    name=$(basename "${1%.*}")
    dir=$work/class/$name
    mkdir "$dir"
    if [ "${1##*.}" = sh ]; then
        bash "$1" "$dir"
    else
        mkdir "$dir/exercises"
        cp -r "solutions/$unit" "$dir/exercises/"
        patch -s -p1 -d "$dir/exercises/$unit" <"$1"
    fi
    only=$(find "$dir" -mindepth 1 -maxdepth 1 -type f)
    [ -f "$only" ] || only=$dir
    printf '%s\n' "$only"
}

# grade_on KERNEL@UNIT SUBMISSION...: all reports, as $work/KERNEL@UNIT.*
grade_on()
{
    local at=$work/$1 unit=${1#*@} status=0 tries=0
    (cd "$work/run" && ../tree/workbook grade -v -e "${unit%%-*}" --kernel "${1%@*}" --json "$at.json" --junit "$at.xml" \
        --csv "$at.csv" "${@:2}" >"$at.table" 2>"$at.said") || status=$?
    echo $status >"$at.status"
    until ! find /proc/[0-9]*/cwd -lname "$work/run*" 2>/dev/null | grep -q .; do
        [ $((++tries)) -lt 100 ] || fail 'left running:' "$(pgrep -af "$work")"
        sleep 0.1
    done
}

cases=() submissions=()
for name in "${@:-*}"; do
    for path in tests/hostile/$name.*; do
        cases+=("$path")
        submissions+=("$(make_submission "$path")")
    done
done

# expected HEADER UNIT: lines of "SUBMISSION TAB OUTCOME WORDS [TAB OUTCOME WORDS]", of the cases with such a header.
expected()
{
    local i line busy
    for i in "${!cases[@]}"; do
        [ "$(unit_of "${cases[i]}")" = "$2" ] || continue
        line=$(header "$1" "${cases[i]}")
        busy=$([ "$1" != Expect ] || header Expect-busy "${cases[i]}")
        [ -z "$line" ] || printf '%s\t%s%s\n' "${submissions[i]}" "$line" "${busy:+$'\t'$busy}"
    done
}

for unit in $(for path in "${cases[@]}"; do unit_of "$path"; done | sort -u); do
    expected Expect "$unit" >"$work/latest@$unit.expected"
    for kernel in $(sed -nE 's/^(# )?Expect-on ([^:]*):.*/\2/p' "${cases[@]}" | sort -u); do
        expected "Expect-on $kernel" "$unit" >"$work/$kernel@$unit.expected"
    done
done
find "$work" -maxdepth 1 -name '*.expected' -empty -delete
before=$(git status --porcelain)
for list in "$work"/*.expected; do
    mapfile -t these < <(cut -f 1 "$list")
    grade_on "$(basename "$list" .expected)" "${these[@]}"
done
# The fifth format is of one submission: the one that tries to break it.
[ ! -d "$work/class/ugly-output" ] || (cd "$work/run" && ../tree/workbook grade -e 01 --kernel latest \
    --gradescope "$work/results.json" "$work/class/ugly-output" >/dev/null 2>&1) || fail 'no results.json'
[ "$before" = "$(git status --porcelain)" ] || fail 'the tree was changed:' "$(git status --porcelain)"
[ -z "$(footholds)" ] || fail 'on the host:' "$(footholds)"

/usr/bin/python3 - "$work" <<'EOF'
import csv, glob, json, os, re, sys
import jsonschema, junitparser

work, wrong = sys.argv[1], 0


def complain(text):
    global wrong
    wrong += 1
    print("hostile.sh:", text)


def text_of(path):
    """A report: UTF-8, with nothing that steers a terminal and nothing of the host's files."""
    text = open(path, newline="", encoding="utf-8").read()
    name = os.path.basename(path)
    for stolen in (os.environ["SECRET"], "root:x:0", "root:*:", "root:$"):
        if stolen in text:
            complain("%s holds %r" % (name, stolen))
    if any(ord(c) < 32 and c not in "\n\r\t" or 127 <= ord(c) < 160 for c in text):
        complain("%s holds a control character" % name)
    return text


def plain_name(path):
    name = re.sub(rb"\.(tar\.gz|tgz|tar\.xz|txz|tar|zip)$", b"", os.path.basename(os.fsencode(path)))
    return re.sub(rb"[^ -~]", lambda m: b"\\x%02x" % m[0][0], name).decode()


def name_of(path, paths):
    """What reports call a submission, and are in the order of: those of one name with their folders."""
    name = plain_name(path)
    if [plain_name(other) for other in paths].count(name) > 1:
        name = plain_name(os.path.dirname(path)) + "/" + name
    return name


def is_told(want, got, said):
    """Whether it is the outcome, and its words are among what was said."""
    outcome, _, words = want.partition(" ")
    return got == outcome and any(words.lower() in text.lower() for text in said)


for listed in sorted(glob.glob(work + "/*.expected")):
    report = listed[:-len(".expected")]
    kernel, unit = os.path.basename(report).split("@")
    status = text_of(report + ".status").strip()
    if status != "0":
        complain("on %s: exit status %s\n%s" % (kernel, status, text_of(report + ".said")))
    expected = [line.rstrip("\n").split("\t") for line in open(listed, errors="surrogateescape")]
    paths = [item[0] for item in expected]
    expected.sort(key=lambda item: (name_of(item[0], paths), item[0]))
    book = json.loads(text_of(report + ".json"))
    jsonschema.validate(book, json.load(open("tests/grade.schema.json")))
    for s, (path, *wants) in zip(book["submissions"], expected, strict=True):
        case = os.path.relpath(path, work + "/class").split("/")[0]
        if s["name"] != name_of(path, paths):
            complain("%s on %s is called %r" % (case, kernel, s["name"]))
        got = s["outcomes"].get(unit, "nothing")
        said = s["flags"] + [t["output"] for t in s["tests"]] + \
            [note for note in s["notes"] if not note.endswith("handed in too")]
        if not any(is_told(want, got, said) for want in wants):
            complain("%s on %s: %s, not %s:\n    %s" %
                     (case, kernel, got, " or ".join(wants), "\n    ".join(t[:300] for t in said)))
        if not s["judged"]:
            complain("%s on %s: not judged" % (case, kernel))
    suites = list(junitparser.JUnitXml.fromstring(text_of(report + ".xml").encode()))
    rows = list(csv.DictReader(text_of(report + ".csv").splitlines()))
    if not len(suites) == len(rows) == len(expected):
        complain("%s: a report lacks a submission" % kernel)
    for row in rows:
        if None in row or any(value is None or value[:1] in "=+-@" and value for value in row.values()):
            complain("%s: a line of the CSV is not whole, or a formula: %r" % (kernel, row))
    text_of(report + ".table")
    text_of(report + ".said")
if os.path.exists(work + "/results.json"):
    tests = json.loads(text_of(work + "/results.json"))["tests"]
    if not any("\\xef\\xbf\\xbf" in test["output"] for test in tests):
        complain("Gradescope is not told what was printed")
sys.exit(wrong > 0)
EOF
echo "${#cases[@]} hostile submissions got what they deserve"
