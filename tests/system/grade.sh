#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A class is graded: every kind of submission, every report read by somebody else's reader, a run killed and
# resumed, an instructor's own exercise, what is packed graded as it was checked.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
unit=exercises/01-kprobe-counter
solution=solutions/01-kprobe-counter
class=$work/class
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}

grade()
{
    ./workbook grade --kernel 6.12 "$@"
}

# --- a class ---
mkdir -p "$class"/{anna,carl}/exercises "$class/empty"
cp -r $solution "$class/anna/exercises/"
mkdir -p "$class/bob/exercises"
cp -r $unit "$class/bob/exercises/"
sed 's/^\tcount = bpf_map_lookup/\tint unused;\n&/' $solution/kprobe-counter.bpf.c >"$work/probe"
cp -r $solution "$class/carl/exercises/"
cp "$work/probe" "$class/carl/exercises/01-kprobe-counter/kprobe-counter.bpf.c"
(cd "$class/carl" && tar -cJf ../carl.tar.xz exercises)
rm -r "$class/carl"
mkdir -p "$work/dora/exercises"
cp -r $solution "$work/dora/exercises/"
echo 'int main(' >"$work/dora/exercises/01-kprobe-counter/kprobe-counter.c"
(cd "$work/dora" && python3 -m zipfile -c "$class/dora.zip" exercises)
git init -q "$class/=emil"
mkdir "$class/=emil/exercises"
cp -r $solution "$class/=emil/exercises/"
echo garbage >"$class/frida.tar.gz"

grade "$class"/* --exercise 01 --seed 5 --json "$work/all.json" --junit "$work/all.xml" \
    --csv "$work/all.csv" >"$work/table"
grade "$class/carl.tar.xz" --seed 5 --gradescope "$work/results.json" >/dev/null
/usr/bin/python3 - "$work" <<'EOF'
import csv, json, sys
import jsonschema, junitparser

work = sys.argv[1]
book = json.load(open(work + "/all.json"))
jsonschema.validate(book, json.load(open("tests/grade.schema.json")))
points = {s["name"]: s["score"] for s in book["submissions"]}
outcomes = {s["name"]: s["outcomes"].get("01-kprobe-counter") for s in book["submissions"]}
assert book["seed"] == 5 and book["kernels"] == ["6.12"]
assert points == {"anna": 10, "bob": 2, "carl": 9.5, "dora": 0, "=emil": 10, "empty": 0, "frida": 0}, points
assert outcomes == {"anna": "match", "bob": "mismatch", "carl": "match", "dora": "build", "=emil": "match",
                    "empty": "missing", "frida": "missing"}, outcomes
anna = next(s for s in book["submissions"] if s["name"] == "anna")
assert any("public solution" in n for n in anna["notes"]) and any("=emil" in n for n in anna["notes"])
warned = next(t for s in book["submissions"] if s["name"] == "carl" for t in s["tests"] if t["item"] == "builds")
assert "unused" in warned["output"] and warned["score"] == 0.5, warned

suites = {s.name: s for s in junitparser.JUnitXml.fromfile(work + "/all.xml")}
assert suites.keys() == points.keys()
assert (suites["anna"].tests, suites["anna"].failures) == (6, 0)
assert suites["bob"].failures == 4 == sum(bool(c.result) for c in suites["bob"])
cases = [(c.classname, c.name) for s in suites.values() for c in s]
assert len(cases) == len(set(cases))

rows = list(csv.DictReader(open(work + "/all.csv", newline="")))
assert {r["submission"]: float(r["score"]) for r in rows} == \
    {("'" if name[0] == "=" else "") + name: p for name, p in points.items()}
assert all(float(r["max"]) == 10 for r in rows)

# https://gradescope-autograders.readthedocs.io/en/latest/specs/
result = json.load(open(work + "/results.json"))
assert result["score"] == 9.5 == sum(t["score"] for t in result["tests"])
for t in result["tests"]:
    assert t.keys() <= {"score", "max_score", "status", "name", "name_format", "number", "output",
                        "output_format", "tags", "visibility", "extra_data"}
    assert t["status"] in ("passed", "failed") and t["visibility"] == "visible"
EOF
expect '^anna +10/10 +10$' "$(cat "$work/table")"

# --- in parts, and joined: the same reports, whatever the order of the arguments ---
mkdir "$work/parts" "$work/one"
grade "$class"/* -e 01 --seed 5 --shard 2/2 --json "$work/parts/2.json" >/dev/null
grade "$class"/{frida.tar.gz,empty,dora.zip,carl.tar.xz,bob,anna,=emil} -e 01 --seed 5 --shard 1/2 \
    --json "$work/parts/1.json" >/dev/null
grade "$class/carl.tar.xz" --seed 5 --shard 1/1 --json "$work/one/1.json" >/dev/null
grade --gather "$work/parts" --json "$work/joined.json" --junit "$work/joined.xml" --csv "$work/joined.csv" \
    >"$work/joined"
grade --gather "$work/one" --gradescope "$work/joined.results" >/dev/null
# Who is second at a part waits for the first, and takes what that has found.
grade "$class/carl.tar.xz" --seed 5 --shard 1/1 --resume --json "$work/twice.json" >/dev/null &
grade "$class/carl.tar.xz" --seed 5 --shard 1/1 --resume --json "$work/twice.json" >/dev/null
wait $!
[ "$(grep -c '"key"' "$work/twice.json.log")" = 1 ] || fail 'two have graded the same part'
cmp "$work/one/1.json" "$work/twice.json" || fail 'a part that was taken over is another'
for pair in all.json:joined.json all.xml:joined.xml all.csv:joined.csv table:joined results.json:joined.results; do
    cmp "$work/${pair%:*}" "$work/${pair#*:}" || fail 'parts joined are not the whole'
done
/usr/bin/python3 - "$work"/parts/*.json <<'EOF'
import json, sys
import jsonschema

for path in sys.argv[1:]:
    jsonschema.validate(json.load(open(path)), json.load(open("tests/grade.schema.json")))
EOF
rm "$work/parts/1.json"
status=0
said=$(grade --gather "$work/parts" 2>&1) || status=$?
[ $status = 2 ] || fail 'a part is missing, and that is no error'
expect 'part 1 of 2 is missing: not graded are =emil, bob, dora, frida;' "$said"
expect '^anna +10/10' "$said"

# --- killed three times, and resumed: nothing is lost, nothing graded twice ---
for graded in 1 2 3; do
    # No function: $! would be the shell that runs it.
    ./workbook grade --kernel 6.12 "$class"/* --exercise 01 --seed 5 --resume -j 1 >/dev/null 2>"$work/said" &
    until [ "$(grep -c ' of 7:' "$work/said")" -ge $graded ] || ! kill -0 $! 2>/dev/null; do sleep 0.05; done
    # Another class is no part of it: it need not wait, and takes nothing away.
    [ $graded != 1 ] || grade "$class/frida.tar.gz" --exercise 01 --seed 5 >/dev/null || fail 'one class keeps another'
    kill -9 $! 2>/dev/null || :
    status=0
    wait $! 2>/dev/null || status=$?
    [ $status = 137 ] || fail "it was not killed after $graded, but ended with $status"
done
said=$(grade "$class"/* --exercise 01 --seed 5 --resume --json "$work/again.json" 2>&1 >/dev/null)
[[ $said != *'nothing to go on with'* ]] || fail 'what was graded is lost'
cmp "$work/all.json" "$work/again.json" || fail 'a resumed run came to other results'
until ! pgrep -f "$work" >/dev/null; do sleep 0.1; done

expect 'nothing to go on with' "$(grade "$class/frida.tar.gz" --seed 5 --resume 2>&1)"

# --- who is who ---
mkdir -p "$work"/s/{anna,bob} "$work/Übung 1"
for name in anna bob; do cp "$class/frida.tar.gz" "$work/s/$name/submission.tar.gz"; done
expect '^bob/submission +0/0' "$(grade "$work"/s/*/submission.tar.gz)"
expect '^bob/submission +0/0' "$(grade --seed 5 --shard 2/2 --json "$work/bob.json" "$work"/s/*/submission.tar.gz)"
# A locale without such letters is no reason to find nothing.
cp -r "$class/anna/exercises" "$work/Übung 1/"
(cd "$work" && python3 -m zipfile -c "$work/umlaut.zip" 'Übung 1')
expect 'umlaut +10/10' "$(LC_ALL=C grade "$work/umlaut.zip")"

# --- what check says, grade says ---
cp $solution/* $unit/
./workbook check 01 --kernel 6.12 >/dev/null
expect 'does not pass on every kernel yet' "$(./workbook submit -o "$work/mine.tar.gz")"
expect '^mine +10/10' "$(grade "$work/mine.tar.gz")"

# --- an instructor's own exercise ---
mine=$work/mine
mkdir -p "$mine"/{exercises,solutions,tests}
cp -r "$class/bob/$unit" "$mine/exercises/60-opens"
cp -r $solution "$mine/solutions/60-opens"
cp tests/01-kprobe-counter.c "$mine/tests/60-opens.c"
for dir in "$mine"/*/60-opens; do
    (cd "$dir" && rm -f starter.ids && for f in kprobe-counter.*; do mv "$f" "opens.${f#*.}"; done &&
        sed -i 's/kprobe-counter\./opens./; s/kprobe_counter/opens/g' opens.*)
done
own()
{
    ./workbook --exercises "$mine" "$@"
}
expect '^60-opens +2/10' "$(own grade --kernel 6.12 -e 60 "$mine/exercises/60-opens")"
expect '^60-opens +does not pass yet' "$(own submit -o "$work/own.tar.gz")"
own lint --fix
expect 'no exercise is edited yet' "$(own submit -o "$work/own.tar.gz" 2>&1 || :)"
expect 'exercises/60-opens/prototype.py' "$(own diff 60 --plain)"
cp "$mine"/solutions/60-opens/* "$mine/exercises/60-opens/"
own submit -o "$work/done.tar.gz"
expect '^done +10/10' "$(own grade --kernel 6.12 "$work/done.tar.gz")"

# --- mistakes of who grades ---
# refused WHAT COMMAND...: it must end with 2, say WHAT, and have begun nothing.
refused()
{
    status=0
    said=$("${@:2}" 2>&1) || status=$?
    [ $status = 2 ] || fail "exit status $status, not 2: ${*:2}" "$said"
    expect "$1" "$said"
    ! grep -q 'building what judges' <<<"$said" || fail "begun all the same: ${*:2}" "$said"
}
sed -i.kept '/^points:/d' "$mine/exercises/60-opens/README.md"
refused '60-opens/README.md:[0-9]+: .*no points; write' own grade "$work/done.tar.gz"
sed 's/^points:/point:/' "$mine/exercises/60-opens/README.md.kept" >"$mine/exercises/60-opens/README.md"
refused '60-opens/README.md:[0-9]+: .*no such key' own grade -e 60 "$work/done.tar.gz"
refused '99: no such unit' grade -e 99 "$class/anna"
refused '99: no such unit' grade --emit github -e 99 -e 01 -o "$work/never"
said=$(grade -e 99 -e 01 "$class/empty" 2>&1) || fail 'an exercise that does not exist stops the others' "$said"
expect '99: no such unit' "$said"
expect '^empty +0/10' "$said"
mv "$mine" "$work/my own"
refused "no path with ' ' in it" ./workbook --exercises "$work/my own" list
refused "^workbook: WORKBOOK_EXERCISES: .*no path with ' ' in it" env WORKBOOK_EXERCISES="$work/my own" ./workbook list
refused "^workbook: --exercises: '': No such" ./workbook --exercises= list
expect '^Usage: workbook' "$(WORKBOOK_EXERCISES=/none ./workbook --help)"
status=0
said=$(grade --gradescope - "$class/anna" "$class/bob" 2>&1) || status=$?
[ $status = 2 ] && expect 'one submission' "$said"
status=0
said=$(grade "$class/nobody" 2>&1) || status=$?
[ $status = 0 ] && expect 'No such file' "$said"
expect 'nothing can be written' "$(grade --csv "$work/nowhere/x.csv" "$class/anna" 2>&1 || :)"
for path in "$work" /dev/null; do
    refused 'no regular file; name one' grade --csv "$path" "$class/anna"
    refused 'no regular file; name one' grade --gather "$work/parts" --csv "$path"
done
expect '--shard wants --seed' "$(grade --shard 1/2 --json x.json "$class/anna" 2>&1 || :)"
expect '--shard wants --json' "$(grade --shard 1/2 --seed 5 "$class/anna" 2>&1 || :)"
expect 'as 2/3, not .3/2' "$(grade --shard 3/2 "$class/anna" 2>&1 || :)"
expect 'apt-get install slurm-client' "$(PATH=/nowhere grade --slurm "$class/anna" 2>&1 || :)"
expect 'go with --slurm' "$(grade --shards 2 "$class/anna" 2>&1 || :)"
expect 'give it nothing to grade' "$(grade --gather "$work/parts" "$class/anna" 2>&1 || :)"
echo 'a class is graded'
