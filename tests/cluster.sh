#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# `workbook grade --slurm` on a cluster of this test's own: munged, slurmctld and two slurmd on loopback, in process
# namespaces that end with this script, however that ends. The last line is "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
# A process namespace ends with its first process. Who is not root makes it within a namespace of users.
namespace=(unshare --pid --fork --kill-child --mount-proc)
[ "$(id -u)" = 0 ] || namespace+=(--user --map-current-user)
[ -n "${IN_CLUSTER-}" ] || IN_CLUSTER=yes exec "${namespace[@]}" "tests/${0##*/}"

work=$(mktemp -d)
chmod 711 "$work" # munge's socket is everybody's
end_cluster()
{
    [ $$ != 1 ] || kill -9 -1 # all of the namespace but this
    until rm -rf "$work" 2>/dev/null; do sleep 0.1; done
}
trap end_cluster EXIT
trap 'exit 2' INT TERM HUP # a first process gets no signal without
class=$work/class
unit=exercises/01-kprobe-counter
solution=solutions/01-kprobe-counter
export SLURM_CONF=$work/slurm.conf

# --- a cluster ---

# A namespace each: killing it is a machine's power failure, nothing of it goes on.
daemon()
{
    "${namespace[@]}" "$@" >>"$work/daemons.log" 2>&1 &
    disown # the shell does not tell of its end
}

start_node()
{
    daemon slurmd -D -N "$1"
}

start_cluster()
{
    local name user port=$((10000 + RANDOM % 7000 * 3)) # others may test here too
    name=$(uname -n)
    user=$(id -un)
    mkdir "$work/munge" "$work/state"
    chmod 711 "$work/munge"
    (umask 077 && head -c 1024 /dev/urandom >"$work/munge/key")
    cat >"$SLURM_CONF" <<CONF
ClusterName=test
SlurmctldHost=$name(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
# A task that is begun again waits for as long as a credential lasts.
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/%n
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
MpiDefault=none
SchedulerParameters=sched_interval=2,bf_interval=1
# A node is lost after some seconds, and back when it reports.
SlurmdTimeout=4
ReturnToService=2
MailProg=/bin/true
NodeName=n1 NodeHostname=$name NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1
NodeName=n2 NodeHostname=$name NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1
PartitionName=all Nodes=ALL Default=YES
CONF
    # Used or not, control groups are looked for, which a container may not have; Debian 12's do without.
    case $(slurmd -V) in
    *' 22.'*) ;;
    *) echo CgroupPlugin=disabled >"$work/cgroup.conf" ;;
    esac
    # --force: the folder for temporary files is open to all.
    daemon munged --foreground --force --key-file="$work/munge/key" --socket="$work/munge/socket" \
        --pid-file="$work/munge/pid" --seed-file="$work/munge/seed"
    daemon slurmctld -D
    start_node n1
    start_node n2
    node2=$!
}

# until_true SECONDS COMMAND...
until_true()
{
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "this did not come to pass: $*"
        sleep 0.1
    done
}

nodes_up()
{
    [ "$(sinfo --noheader --responding --states=idle --format=%D 2>/dev/null)" = 2 ]
}

job_ended()
{
    [ -z "$(squeue --noheader --jobs="$1")" ]
}

# --- a class ---

make_class()
{
    local name
    mkdir -p "$class"/{1-empty,2-empty,3-empty,8-empty}
    for name in 4-copy 5-copy 6-starter 7-copy; do
        mkdir -p "$class/$name/exercises"
        cp -r $solution "$class/$name/exercises/"
    done
    git archive HEAD $unit | tar -x -C "$class/6-starter"
}

grade()
{
    ./workbook grade --kernel 6.12 --exercise 01 --seed 5 "$@"
}

# whole NAME ARGUMENT...: grades or gathers, with reports NAME.*
whole()
{
    local name=$work/$1
    shift
    grade "$@" --json "$name.json" --junit "$name.xml" --csv "$name.csv" >"$name.table"
}

same_reports()
{
    local kind
    for kind in json xml csv table; do
        cmp "$work/single.$kind" "$work/$1.$kind"
    done
}

# --- checks: each in a shell of its own, what it prints is shown when it fails ---

fail()
{
    echo "$*"
    exit 1
}

expect()
{
    grep -qE -- "$1" <<<"$2" || fail "no '$1' in:" "$2"
}

cluster_is_up()
{
    until_true 60 nodes_up
}

class_on_two_nodes()
{
    whole single "$class"/*
    whole slurm --slurm --output "$work/parts" "$class"/* 2>"$work/said"
    expect '^part 2 of 2: completed on n[12], ' "$(cat "$work/said")"
    same_reports slurm
}

# Has the part graded something, and is it at the next?
under_way()
{
    [ "$(cat "$work/parts2/$1.json.log" 2>/dev/null | wc -l)" -ge 2 ]
}

# The command is interrupted; then a grader is killed, and a whole node. Nothing is lost, nothing graded twice.
killed_in_the_middle()
{
    local status=0 job part pid said
    ./workbook grade --kernel 6.12 --exercise 01 --seed 5 --slurm --shards 3 --output "$work/parts2" \
        --json "$work/killed.json" --junit "$work/killed.xml" --csv "$work/killed.csv" "$class"/* 2>"$work/said" &
    until_true 60 grep -q '^job ' "$work/said"
    kill -INT $!
    wait $! || status=$?
    said=$(cat "$work/said")
    [ $status = 2 ] || fail "an interrupted command ended with $status"
    job=$(sed -n 's/^job \([0-9]*\):.*/\1/p' "$work/said")
    expect "scancel $job\$" "$said"

    until_true 120 under_way 1
    until_true 120 under_way 2
    # What the logs hold goes on with them; a log that is begun anew does not.
    for part in 1 2; do
        echo '{"kept": true}' >>"$work/parts2/$part.json.log"
    done
    pid=$(pgrep -o -f "grade --shard 1/3 --json $work/parts2")
    kill -9 "$pid"
    [ "$(squeue --noheader --array --jobs="$job" --states=running --nodelist=n2 --format=%K)" = 2 ] ||
        fail 'the second part is not on the second node'
    kill -9 "$node2"

    until_true 300 job_ended "$job"
    bash -c "$(tail -n 1 "$work/said")" >"$work/killed.table"
    same_reports killed
    grep -q 'the grader was killed; it goes on' "$work/parts2/1.out"
    [ "$(cat "$work"/parts2/*.log | grep -c kept)" = 2 ] || fail 'a log was begun anew'
    [ "$(cat "$work"/parts2/*.log | grep -c '"key"')" = 8 ] || fail 'some were graded twice'
}

part_is_missing()
{
    local status=0 said
    said=$(grade --slurm --shards 2 --sbatch --array=2 --output "$work/parts3" "$class"/[12]* 2>&1) || status=$?
    [ $status = 2 ] || fail "a part is missing, and the status is $status"
    expect 'part 1 of 2 is missing: not graded are 1-empty;' "$said"
    expect 'exists already' "$(grade --slurm --output "$work/parts3" "$class"/[12]* 2>&1 || :)"
    grade --slurm --shards 2 --resume --output "$work/parts3" "$class"/[12]*
    expect 'nvalid partition' "$(grade --slurm --sbatch --partition=none --output "$work/parts4" "$class/1-empty" 2>&1 || :)"
    [ ! -e "$work/parts4" ] || fail 'what was not submitted has left a folder'
}

passed=0
failed=0
check()
{
    local start=$SECONDS status=0
    set +e
    (set -e; "$1") >"$work/log" 2>&1
    status=$?
    set -e
    if [ $status = 0 ]; then
        passed=$((passed + 1))
        echo "ok  cluster/$1 ($((SECONDS - start)) s)"
    else
        failed=$((failed + 1))
        echo "not ok  cluster/$1 ($((SECONDS - start)) s)"
        tail -n 100 "$work"/{log,said,daemons.log} 2>&1 || :
    fi
}

make_class
start_cluster
check cluster_is_up
[ $failed != 0 ] || for name in class_on_two_nodes killed_in_the_middle part_is_missing; do
    check $name
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
