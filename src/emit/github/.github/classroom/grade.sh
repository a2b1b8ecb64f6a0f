#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The workflow's part that does not need GitHub: builds and grades this repository, and leaves grades/, a summary
# in Markdown and the output "result", which GitHub Classroom's reporter takes. Ends with 0 when all was judged,
# whatever the points.
set -euo pipefail
cd "$(dirname "$0")/../.."

# What is reported when nothing was judged: no points, rather than none of them.
failed='{
  "version": 1,
  "status": "error",
  "max_score": 0,
  "tests": [{
    "name": "grading", "status": "error", "score": 0, "line_no": 0,
    "message": "not graded: the grader failed, not the submission"
  }]
}'

# Each item as a test of its own, with the points that it got.
results='.submissions[0] | {
    version: 1,
    status: (if .score >= .max then "pass" else "fail" end),
    max_score: .max,
    tests: [.tests[] | {
        name,
        status: (if .status == "passed" then "pass" else "fail" end),
        score,
        message: .output,
        line_no: 0
    }]
}'

summary='.submissions[0] |
    "## \(.score) of \(.max) points", "",
    "| item | points |", "|---|---|", (.tests[] | "| \(.name) | \(.score) of \(.max) |"), "",
    (.flags[], .notes[] | "- \(@html)"), "",
    (.tests[] | select(.status == "failed") | "<h4>\(.name)</h4><pre>\(.output | @html)</pre>"), "",
    "Seed \($book.seed)"'

mkdir -p grades
status=0
make -s -j"$(nproc)" workbook || status=$?
# shellcheck disable=SC2046 # words
[ $status -ne 0 ] || ./workbook grade $(cat .github/classroom/arguments) \
    --json grades/results.json --junit grades/results.xml . || status=$?

if [ $status -eq 0 ]; then
    result=$(jq -c "$results" grades/results.json)
    jq -r ". as \$book | $summary" grades/results.json >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
else
    result=$(jq -c . <<<"$failed")
    echo 'Not graded: the grader failed, not the submission. The log says why.' \
        >>"${GITHUB_STEP_SUMMARY:-/dev/stdout}"
fi
echo "result=$(base64 -w 0 <<<"$result")" >>"${GITHUB_OUTPUT:-/dev/stdout}"
exit $status
