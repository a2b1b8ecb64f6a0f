#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What chapter 12 shows of a CO-RE relocation is true: the instruction in the object, what libbpf makes of
# it on each kernel, what the kernel is given. And without relocations, the same source is right only on
# the kernel whose vmlinux.h it was compiled with. It happens in a copy of the tree.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/system/copy
chapter=chapters/12-core-sock.md
object=build/libbpf/12-core-sock/core-sock.bpf.o
source=libbpf/12-core-sock/core-sock.bpf.c

# Which instruction and which register it is, the compiler decides: the chapter's was clang 14.
plain()
{
    if clang --version | grep -q 'version 14\.'; then cat; else sed -E 's/(insn|relo) #[0-9]+/\1 #N/; s/<byte_off> \[[0-9]+\]/<byte_off> [N]/; s/\br[0-9]\b/rN/g; s/^ *[0-9]+:/N:/'; fi
}

# shown LINE: the chapter has it.
shown()
{
    plain <"$chapter" | grep -qxF -- "$(plain <<<"$1")" || fail "not in $chapter:" "$1"
}

# --- the object ---
disassembly=$(llvm-objdump -d --no-show-raw-insn "$object" | sed -n '/<leave_v4>:/,/^$/p' | expand | tr -s ' ' | sed 's/^ */      /')
expect '= 612$' "$disassembly"
while IFS= read -r line; do
    shown "$line"
done < <(grep -A2 -E '= 612$' <<<"$disassembly")

# --- what libbpf makes of it, and what the kernel has in the end ---
guest='
cd /tmp
/workbook/12-core-sock -v >rows 2>log &
until [ -s rows ] || ! kill -0 %1; do sleep 0.1; done
grep -A3 "leave_v4.*struct sock.sk_uid.val (.*offset 612" log | grep -m1 patched | sed "s/.*: patched/SAID patched/"
sed -n "s/.*leave_v4.: \(relo #[0-9]*: <byte_off> .*struct sock.sk_uid.val (.*offset 612)\)$/SAID \1/p" log | grep -v candidate | head -1
bpftool prog dump xlated name leave_v4 | sed -n "s/^ *[0-9]*: (b7) r[0-9] = \([0-9]*\)$/SAID = \1/p"
kill -INT %1
wait
exit
'
for kernel in 5.10 6.1 6.12 latest; do
    said=$(./workbook shell --kernel "$kernel" 12 <<<"$guest" 2>&1 | tr -d '\r') || fail "no shell on $kernel:" "$said"
    patched=$(sed -n 's/^SAID patched/patched/p' <<<"$said")
    expect 'imm 612 -> [0-9]+$' "$patched"
    shown "$(sed -n 's/^SAID relo/relo/p' <<<"$said")"
    shown "$(printf '%-4s  %s' "${kernel/latest/7.3}" "$patched")"
    expect "^SAID = ${patched##* }\$" "$said"
done

# --- without ---
sed -i '/#include "vmlinux.h"/i #define BPF_NO_PRESERVE_ACCESS_INDEX\n#define __builtin_preserve_access_index(x) (x)' "$source"
for kernel in 5.10 6.1 6.12 latest; do
    status=0
    said=$(./workbook run 12 --kernel "$kernel" --jobs 1 2>&1) || status=$?
    [ $status -le 1 ] || fail "fixed offsets could not be tried on $kernel:" "$said"
    case $kernel in
    6.12) expect 'BCC, libbpf and the truth agree' "$said" ;;
    *) expect '^mismatch' "$said" ;;
    esac
done
[ -z "$(build/facts "$object" | grep '^relocation')" ] || fail 'there are relocations left'
echo 'the chapter tells the truth'
