#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Expect: match Makefile is no source of the exercise: passed over
# Files by which a build is told what to run, and what others find beside them.
mkdir "$1/exercises" && cp -r solutions/01-kprobe-counter "$1/exercises/" && cd "$1" || exit
for dir in . exercises exercises/01-kprobe-counter; do
    printf 'all clean build/%%: ; touch /var/tmp/foothold-of-a-submission\n' |
        tee $dir/Makefile >$dir/GNUmakefile
    echo '-fplugin=./foothold-of-a-submission.so' | tee $dir/compile_flags.txt $dir/clang.cfg >$dir/.clang
    printf '#!/bin/sh\ntouch /var/tmp/foothold-of-a-submission\n' | tee $dir/clang $dir/gcc $dir/bpftool >$dir/facts
    chmod +x $dir/{clang,gcc,bpftool,facts}
    echo '#error' | tee $dir/bpf_helpers.h $dir/tool.h >$dir/stdio.h
done
mkdir -p .git/hooks build/exercises/01-kprobe-counter
cp clang .git/hooks/post-checkout
printf '[core]\n\tfsmonitor = touch /var/tmp/foothold-of-a-submission\n' >.git/config
cp clang build/exercises/01-kprobe-counter/kprobe-counter
