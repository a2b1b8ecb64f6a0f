#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What `grade --emit` writes runs as it will elsewhere: Gradescope's autograder in the folders that are
# documented, without a network, and the shell part of GitHub's workflow. No submission is blamed when the
# grader fails.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
unit=01-kprobe-counter
autograder=$work/autograder
submission=$autograder/submission
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}

# inside COMMAND...: with /autograder in place of nothing, and no network, as when a container grades.
inside()
{
    local binds=() dir
    for dir in /*; do
        binds+=(--dev-bind "$dir" "$dir")
    done
    (cd "$autograder" && bwrap "${binds[@]}" --bind "$autograder" /autograder \
        --unshare-net --chdir /autograder "$@")
}

# hand_in FILE...: as the harness leaves it for run_autograder.
hand_in()
{
    rm -rf "$submission" "$autograder/results"
    mkdir -p "$submission" "$autograder/results"
    cp -r "$@" "$submission/"
    echo '{"id": 1}' >"$autograder/submission_metadata.json"
}

# run_autograder [STATUS [COMMAND...]]: the score is in $score, and what a learner reads in $said.
run_autograder()
{
    local status=0 expected=${1-0}
    shift || :
    inside "$@" /autograder/run_autograder >"$work/printed" || status=$?
    [ $status = "$expected" ] || fail "run_autograder ended with $status" "$(cat "$work/printed")"
    score=$(jq .score "$autograder/results/results.json")
    said=$(jq -r '.output, .tests[].output' "$autograder/results/results.json")
    # https://gradescope-autograders.readthedocs.io/en/latest/specs/
    jq -e '
        (keys - ["score", "execution_time", "output", "output_format", "test_output_format", "test_name_format",
            "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard"] == []) and
        (.score | type == "number") and .stdout_visibility == "hidden" and
        ([.tests[] | keys[]] - ["score", "max_score", "status", "name", "name_format", "number", "output",
            "output_format", "tags", "visibility", "extra_data"] == []) and
        ([.tests[] | select(.status != "passed" and .status != "failed")] == [])
    ' "$autograder/results/results.json" >/dev/null || fail 'no results.json as documented' \
        "$(cat "$autograder/results/results.json")"
}

# --- Gradescope: an instructor's exercise, from a folder that holds its solution and notes ---
mkdir -p "$work/mine"/{exercises,solutions,tests} "$autograder"
cp -r exercises/$unit "$work/mine/exercises/"
cp -r solutions/$unit "$work/mine/solutions/"
cp tests/$unit.c "$work/mine/tests/"
echo 'my notes' >"$work/mine/exercises/$unit/notes"
./workbook --exercises "$work/mine" grade --emit gradescope --exercise 01 --kernel 6.12 -o "$autograder/source"
[ -z "$(find "$autograder/source" -name notes -o -name solutions)" ] || fail 'the solution goes along'
cp "$autograder/source/run_autograder" "$autograder/"
inside bash /autograder/source/setup.sh >"$work/printed" 2>&1 || fail 'setup.sh failed' "$(cat "$work/printed")"

# What a learner hands in is the sources alone, a folder, or what submit makes.
hand_in solutions/$unit/*
run_autograder
[ "$score" = 10 ] || fail "the solution gets $score" "$said"
hand_in "$work/mine/exercises"
run_autograder
[ "$score" = 2 ] || fail "the starter gets $score" "$said"
cp solutions/$unit/* exercises/$unit/
./workbook submit -o "$work/anna.tar.gz" >/dev/null
status=0
refused=$(./workbook grade --emit github --exercise 01 -o "$work/edited" 2>&1) || status=$?
[ $status = 2 ] && [ ! -e "$work/edited" ] || fail 'an edited exercise is handed out as the starter'
expect 'workbook reset 01' "$refused"
put_starters
hand_in "$work/anna.tar.gz"
run_autograder
[ "$score" = 10 ] || fail "what submit made gets $score" "$said"
echo garbage >"$work/anna.tar.gz"
hand_in "$work/anna.tar.gz"
run_autograder
[ "$score" = 0 ] || fail "a broken archive gets $score" "$said"
expect 'nothing can be read of it' "$said"

# --- the same where no namespaces may be made, as in many containers: whoever runs it is told ---
no_namespaces=(bwrap --unshare-user --uid 0 --cap-add ALL --dev-bind / /
    sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set -all --inh-caps -all "$@"' sh)
hand_in solutions/$unit/*
run_autograder 1 "${no_namespaces[@]}"
[ "$score" = 0 ] || fail "without a sandbox it gets $score" "$said"
expect 'the grader failed, not your submission' "$said"
expect 'sandbox for submissions does not start: bwrap: .*' "$(cat "$work/printed")"
expect 'containers with --privileged' "$(cat "$work/printed")"

# --- GitHub: an instructor's exercises go into the clone ---
./workbook --exercises "$work/mine" grade --emit github -o "$work/own" >/dev/null
[ -f "$work/own/exercises/$unit/prototype.py" ] && [ -f "$work/own/tests/$unit.c" ] ||
    fail 'exercises of another folder do not go along'

# --- this clone, in which a learner has solved the exercise ---
./workbook grade --emit github --exercise 01 --kernel 6.12 -o "$work/github" >/dev/null
cp -a "$work/github/." .
/usr/bin/python3 - <<'EOF'
import os, yaml
workflow = yaml.safe_load(open(".github/workflows/classroom.yml"))
steps = workflow["jobs"]["run-autograding-tests"]["steps"]
script = next(s["run"] for s in steps if s.get("id") == "grade")
assert os.access(script, os.X_OK), script
assert all(("run" in s) != ("uses" in s) for s in steps)
EOF

# classroom [STATUS [COMMAND...]]: the workflow's step; what the reporter gets is in $result.
classroom()
{
    local status=0 expected=${1-0}
    shift
    rm -rf grades "$work/output" "$work/summary"
    GITHUB_OUTPUT=$work/output GITHUB_STEP_SUMMARY=$work/summary \
        "$@" .github/classroom/grade.sh >"$work/printed" 2>&1 || status=$?
    [ $status = "$expected" ] || fail "grade.sh ended with $status" "$(cat "$work/printed")"
    result=$(sed -n 's/^result=//p' "$work/output" | base64 -d)
}

classroom 0
expect '^.1,"fail",10,2,\["pass","pass","fail","fail","fail","fail"\].$' \
    "$(jq -c '[.version, .status, .max_score, ([.tests[].score] | add), [.tests[].status]]' <<<"$result")"
expect '^## 2 of 10 points' "$(cat "$work/summary")"
cp solutions/$unit/* exercises/$unit/
classroom 0
expect '^.1,"pass",10,10.$' "$(jq -c '[.version, .status, .max_score, ([.tests[].score] | add)]' <<<"$result")"
[ -s grades/results.json ] && [ -s grades/results.xml ]
classroom 2 "${no_namespaces[@]}"
expect '^."error",0.$' "$(jq -c '[.status, .max_score]' <<<"$result")"
expect 'the grader failed, not the submission' "$(cat "$work/summary")"
echo 'graded on two platforms'
