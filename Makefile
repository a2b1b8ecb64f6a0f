# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# `make help` lists the targets. Units, modules and tests are found by their names, so adding one
# changes nothing here. All that is made goes into build/, except the program itself, ./workbook.

CLANG ?= clang
LLVM_STRIP ?= llvm-strip
BPFTOOL ?= $(or $(lastword $(wildcard /usr/lib/linux-tools/*/bpftool)),bpftool)
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format
SETUP ?= sh src/setup.sh
FUZZ_SECONDS ?= 30

# Debian keeps bpftool and mke2fs where a user's PATH does not look.
export PATH := $(PATH):/usr/sbin:/sbin

# --- what there is ---

.SECONDEXPANSION:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

# SAN=1: the program and its unit tests with sanitizers, apart from the others.
O := build$(if $(SAN),/san)
WORKBOOK := $(if $(SAN),$(O)/)workbook
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined

AGENT := $(addprefix src/,agent.c held.c jail.c)
# Units of another folder that is laid out like this one come on top; make finds their files there.
VPATH := $(WORKBOOK_EXERCISES)
units = $(wildcard $1) $(if $(VPATH),$(patsubst $(VPATH)/%,%,$(wildcard $(VPATH)/$1)))

SOURCES := $(filter-out $(AGENT) src/facts.c src/tags.c,$(wildcard src/*.c))
MODULES := $(patsubst %.c,%.o,$(filter-out src/main.c,$(SOURCES)))
TESTS := $(patsubst %.c,build/%,$(call units,tests/[0-9]*.c))
UNIT_TESTS := $(patsubst tests/%.c,$(O)/%,$(wildcard tests/unit/*.c))
FUZZERS := $(patsubst tests/%.c,build/%,$(wildcard tests/fuzz/*.c))
COMMON := $(patsubst %.c,build/%.o,$(wildcard libbpf/common/*.c))

# libbpf/NN-topic/topic.bpf.c and topic.c make build/libbpf/NN-topic/topic; likewise the others.
programs = $(patsubst %.bpf.c,build/%,$(call units,$1/[0-9]*/*.bpf.c))
TWINS := $(call programs,libbpf)
EXERCISES := $(call programs,exercises)
SOLUTIONS := $(call programs,solutions)

# tests/wrong/NN-topic/NAME.patch and the unit's solution make build/wrong/NN-topic/NAME/topic.
PATCHES := $(patsubst tests/wrong/%.patch,%,$(wildcard tests/wrong/*/*.patch))
WRONG := $(foreach p,$(PATCHES),$(patsubst build/solutions/$(dir $p)%,build/wrong/$p/%,\
	$(filter build/solutions/$(dir $p)%,$(SOLUTIONS))))

PROGRAMS := $(TWINS) $(EXERCISES) $(SOLUTIONS) $(WRONG)

# What includes topic.btf.h carries types of every kernel. That wants all images, which take minutes to
# make the first time: such a program is built when it is asked for.
CARRIERS := $(filter $(PROGRAMS),$(patsubst %.c,build/%,\
	$(shell grep -ls '"[a-z0-9-]*\.btf\.h"' libbpf/*/*.c exercises/*/*.c solutions/*/*.c)))
number = $(firstword $(subst -, ,$(word 3,$(subst /, ,$1))))
UNITS_FOUND := $(sort $(foreach p,$(TWINS) $(EXERCISES),$(call number,$p)))
# Units go by 01, 1 or 01-kprobe-counter.
find_unit = $(filter $(firstword $(subst -, ,$1)) 0$(firstword $(subst -, ,$1)),$(UNITS_FOUND))
UNITS_NAMED := $(foreach u,$(UNITS),$(call find_unit,$u))
# Of a unit that there is not, make itself would say that it has no rule, or nothing.
$(foreach u,$(filter 0% 1% 2% 3% 4% 5% 6% 7% 8% 9%,$(MAKECMDGOALS)) \
	$(if $(filter test checks,$(MAKECMDGOALS)),$(UNITS)),\
	$(if $(call find_unit,$u),,$(error $u: no such unit; there are $(UNITS_FOUND))))

# --- flags ---

CFLAGS ?= -g -O2
WARNINGS := -Wall -Wextra -Werror
LIBRARIES := libbpf libelf libarchive jansson libxml-2.0 libzstd libcrypto
# The agent and the stimuli are a part of every snapshot's key: two checkouts build the same bytes.
HOST_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(CFLAGS) $(WARNINGS) -Isrc -Itests \
	'-ffile-prefix-map=$(CURDIR)=.' \
	$(shell $(PKG_CONFIG) --cflags $(LIBRARIES) 2>/dev/null)
HOST_LIBS := -Wl,--as-needed $(shell $(PKG_CONFIG) --libs $(LIBRARIES) 2>/dev/null)

# A BPF tool's two halves. Callbacks have parameters that they do not need; a learner's program and
# a wrong solution may have warnings.
TOOL_WARNINGS = $(WARNINGS) -Wno-unused-parameter $(if $(filter exercises/% wrong/%,$*),-Wno-error)
# For a BPF target, clang does not look where Debian keeps asm/, which usdt.bpf.h leads to.
ASM := -idirafter /usr/include/$(shell $(CC) -print-multiarch 2>/dev/null)
BPF_CFLAGS = -g -O2 -target bpf -D__TARGET_ARCH_x86 -isystem build -Ilibbpf/common $(ASM) \
	$(TOOL_WARNINGS)
TOOL_CFLAGS = -std=gnu11 -D_GNU_SOURCE -g -O2 -Ilibbpf/common $(TOOL_WARNINGS)
TOOL_LIBS := build/common.a $(shell $(PKG_CONFIG) --static --libs libbpf 2>/dev/null) build/compat.a
ARCHIVES := $(filter %.a,$(TOOL_LIBS))

ifneq ($(filter -lbpf,$(HOST_LIBS) $(TOOL_LIBS)),-lbpf -lbpf)
ifneq ($(filter-out setup demo test test-cluster help clean distclean,$(or $(MAKECMDGOALS),all)),)
$(warning some libraries are missing: `make setup` installs what is needed)
endif
endif

# Each compilation notes in a .d file what it included.
DEPS = -MMD -MP -MF $@.d -MT $@
-include $(wildcard $(addsuffix .d,build/* build/*/* build/*/*/* build/*/*/*/*))

# A line for each step; V=1 shows the commands, -s nothing.
ifeq ($(V),1)
Q :=
else
Q := @
msg = $(if $(findstring s,$(firstword -$(MAKEFLAGS))),,@printf '  %-8s %s\n' '$1' '$(or $2,$@)')
MAKEFLAGS += --no-print-directory
endif

# --- targets ---

all: $(WORKBOOK) ## everything that runs: the program, twins, solutions, tests
all: $(if $(SAN),$(UNIT_TESTS),build/agent build/facts build/tags $(filter-out $(CARRIERS),$(TWINS) $(SOLUTIONS)) $(TESTS))
	@:

demo: setup ## install what is missing, build, and run unit 01 on kernel 6.12
	$(Q)$(MAKE) $(PARALLEL) all
	$(Q)$(RUN) run 01 --kernel 6.12

test: setup ## the same, then every test there is: units on all kernels, unit tests, lint
	$(Q)$(MAKE) $(PARALLEL) $(if $(UNITS_NAMED),$(WORKBOOK),all) checks
	$(Q)$(RUN) test $(addprefix --kernel ,$(KERNELS)) $(UNITS)

test-cluster: SETUP += --cluster
test-cluster: setup ## grade a class on a Slurm cluster that is made for it on this machine
	$(Q)$(MAKE) $(PARALLEL) all
	$(Q)env -u MAKEFLAGS -u MAKELEVEL tests/cluster.sh

# What `workbook test` wants to find built besides `all`; with UNITS, instead of it.
checks: $(UNIT_TESTS) $$(if $$(UNITS_NAMED),$$(named_programs),$(FUZZERS) $(WRONG))
	@:
named_programs = $(foreach n,$(UNITS_NAMED),$(call of_unit,$n,$(TWINS) $(SOLUTIONS) $(TESTS) $(WRONG)))

# The program runs make itself, which is no job of this one.
RUN := env -u MAKEFLAGS -u MAKELEVEL -u SAN ./$(WORKBOOK)
PARALLEL = $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

setup: ## install the packages that are missing
	$(Q)$(SETUP)

image: $(WORKBOOK) ## build the virtual machines' images ahead of time
	$(Q)$(RUN) image $(KERNELS)

# NN: unit NN's programs. An exercise that does not compile yet must not hide the rest.
$(UNITS_FOUND): $$(call of_unit,$$@,$(TWINS) $(SOLUTIONS) $(TESTS))
	$(Q)for program in $(call of_unit,$@,$(EXERCISES)); do \
		$(MAKE) -q $$program 2>/dev/null || $(MAKE) $$program || \
		echo "  $$program does not compile yet; the rest of unit $@ is built"; \
	done
$(patsubst 0%,%,$(filter 0%,$(UNITS_FOUND))): %: 0%
of_unit = $(filter $(foreach root,libbpf exercises solutions tests wrong,build/$(root)/$1-%),$2)

unit-tests: $(UNIT_TESTS) ## build and run the unit tests
	$(Q)status=0; for t in $^; do $$t || status=1; done; exit $$status

fuzz: $(FUZZERS) ## run each fuzzer for FUZZ_SECONDS
	$(Q)for f in $^; do \
		mkdir -p $$f.corpus && \
		$$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$$f- -verbosity=0 $$f.corpus || exit; \
	done

clean: ## remove what make made, here
	rm -rf build workbook compile_commands.json

distclean: clean ## and the images and snapshots in the cache
	rm -rf '$(CACHE)'

help: ## this list
	@echo 'make [TARGET] [VARIABLE=value]'
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' Makefile
	@echo '  01, 02, ...            a unit'\''s programs, yours and ours'
	@echo '  build/PATH/topic       one program, e.g. build/exercises/01-kprobe-counter/kprobe-counter'
	@echo 'Variables'
	@echo '  KERNELS="5.10 6.12"    for test and image: these kernels instead of all four'
	@echo '  UNITS="01 08"          for test: these units instead of all, no fuzzers, no system tests'
	@echo '  VMLINUX_BTF=FILE       where vmlinux.h comes from, /sys/kernel/btf/vmlinux or a vmlinux'
	@echo '                         with BTF; without it, the saved types of kernel 6.12'
	@echo '  WORKBOOK_MIRROR=URL    for what makes images: the Debian mirror to take packages from'
	@echo '  V=1                    show the commands'
	@echo '  SAN=1                  the program and its unit tests with sanitizers, in build/san'
	@echo '  FUZZ_SECONDS=30        for fuzz: how long each runs'
	@echo '  CC, CLANG, BPFTOOL, LLVM_STRIP, PKG_CONFIG, CLANG_FORMAT'

.PHONY: all demo test test-cluster checks setup image $(UNITS_FOUND) unit-tests fuzz lint clean distclean help FORCE
FORCE:

# Folders are made when a rule asks for them behind its `|`.
.PRECIOUS: %/
%/:
	$(Q)mkdir -p $@

# --- a BPF tool: topic.bpf.c -> topic.bpf.o -> topic.skel.h -> topic ---

# Sources lie in the project, those of wrong solutions in build/.
from = $(if $(filter wrong/%,$*),build/)

$(PROGRAMS:=.bpf.o): build/%.bpf.o: $$(from)%.bpf.c build/vmlinux.h | $$(@D)/
	$(call msg,BPF)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(DEPS) -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(PROGRAMS:=.skel.h): %.skel.h: %.bpf.o
	$(call msg,SKELETON)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$(*F))_bpf > $@

$(PROGRAMS): build/%: $$(from)%.c build/%.skel.h $(ARCHIVES)
	$(call msg,TOOL)
	$(Q)$(CC) $(TOOL_CFLAGS) -I$(@D) $(DEPS) -static $< $(TOOL_LIBS) -o $@

# --- topic.btf.h: the types that topic.bpf.o reads, as each kernel has them ---

$(CARRIERS): %: %.btf.h

CACHE = $(or $(XDG_CACHE_HOME),$(or $(HOME),/root)/.cache)/bcc-to-libbpf
KERNEL_NAMES = $(shell sed -n 's/^\([^#\t]*\)\t.*/\1/p' src/kernels.tsv)

# A row for each kernel: its release, the number of bytes, and the bytes.
$(CARRIERS:=.btf.h): %.btf.h: %.bpf.o $(wildcard $(CACHE)/images/*/vmlinux.btf) | $(WORKBOOK)
	$(call msg,BTF)
	$(Q)for kernel in $(KERNEL_NAMES); do \
		image=$$(./$(WORKBOOK) image --path $$kernel) && \
		$(BPFTOOL) gen min_core_btf $$image/vmlinux.btf $@.min $< && \
		printf '{ "%s", %d, "%s" },\n' $$(cat $$image/release) $$(wc -c < $@.min) \
			$$(od -An -v -to1 $@.min | tr -d '\n' | sed 's/ /\\/g') || exit; \
	done > $@

# --- archives ---

# Of an archive, the linker takes what nothing before it has.
build/common.a: $(COMMON)
build/compat.a: build/src/compat/libelf.o
$(ARCHIVES): | build/
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(COMMON): build/%.o: %.c | $$(@D)/
	$(call msg,CC)
	$(Q)$(CC) $(TOOL_CFLAGS) $(DEPS) -c $< -o $@

$(PATCHES:%=build/wrong/%/.patched): build/wrong/%/.patched: tests/wrong/%.patch $$(wildcard solutions/$$(*D)/*)
	$(call msg,PATCH,$(@D))
	$(Q)mkdir -p $(@D) && rm -f $(@D)/* && cp solutions/$(*D)/* $(@D)
	$(Q)patch -s -p1 -d $(@D) < $< && touch $@ $(@D)/*

$(WRONG:=.bpf.c) $(WRONG:=.c): $$(@D)/.patched ;

# --- vmlinux.h: the types of kernel 6.12, or of VMLINUX_BTF ---

# The image's release tells whether vmlinux.h is still its; without an image, it is.
image_release := $(sort $(foreach f,$(wildcard $(CACHE)/images/6.12-*/release),$(file <$f)))
made_from := $(file <build/vmlinux.from)
vmlinux_from := $(or $(VMLINUX_BTF),$(image_release),$(filter 6.12.%,$(made_from)))
vmlinux_from += $(if $(filter /sys/%,$(VMLINUX_BTF)),of $(shell uname -r))
ifneq ($(made_from) $(wildcard build/vmlinux.h),$(strip $(vmlinux_from)) build/vmlinux.h)
build/vmlinux.h: FORCE $(if $(VMLINUX_BTF),,| $(WORKBOOK))
endif

build/vmlinux.h: $(filter-out /sys/%,$(VMLINUX_BTF)) | build/
	$(call msg,VMLINUX)
	$(Q)btf='$(VMLINUX_BTF)'; \
	[ "$$btf" ] || btf=$$(./$(WORKBOOK) image --path 6.12)/vmlinux.btf || exit; \
	$(BPFTOOL) btf dump file $$btf format c > $@ && $(print_from) > build/vmlinux.from
print_from = $(if $(VMLINUX_BTF),echo '$(strip $(vmlinux_from))',cat $${btf%/*}/release)

$(filter-out $(wildcard $(VMLINUX_BTF)) /sys/%,$(VMLINUX_BTF)):
	$(Q)echo 'VMLINUX_BTF=$@: no such file; name a file with BTF, or leave the variable out' >&2; exit 1

# --- the program, its agent in the guest, its tests ---

$(WORKBOOK): $(addprefix $(O)/,src/main.o $(MODULES))
	$(call msg,LINK)
	$(Q)$(CC) $(HOST_CFLAGS) $(if $(SAN),$(SANITIZE)) $^ $(HOST_LIBS) -o $@

build/src/%.o: src/%.c | $$(@D)/
	$(call msg,CC)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPS) -c $< -o $@

build/san/src/%.o: src/%.c | $$(@D)/
	$(call msg,CC)
	$(Q)$(CC) $(HOST_CFLAGS) $(SANITIZE) $(DEPS) -c $< -o $@

build/agent: $(AGENT:%.c=build/%.o) $(addprefix build/src/,frame.o util.o)
	$(call msg,LINK)
	$(Q)$(CC) $(HOST_CFLAGS) -static $^ -lseccomp -o $@

build/facts: $(addprefix build/src/,facts.o util.o)
	$(call msg,LINK)
	$(Q)$(CC) $(HOST_CFLAGS) $^ $(HOST_LIBS) -o $@

build/tags: src/tags.c build/src/util.o $(ARCHIVES)
	$(call msg,LINK)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPS) -static $< build/src/util.o $(TOOL_LIBS) -o $@

# A unit's stimulus and judge.
$(TESTS): build/%: %.c build/tests/harness.o $(addprefix build/src/,rows.o util.o)
	$(call msg,TEST)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPS) -static $< $(filter %.o,$^) -o $@

build/tests/%.o: tests/%.c | $$(@D)/
	$(call msg,CC)
	$(Q)$(CC) $(HOST_CFLAGS) $(DEPS) -c $< -o $@

# cmocka hands every test a state that few need.
$(UNIT_TESTS): $(O)/unit/%: tests/unit/%.c $(addprefix $(O)/,$(MODULES)) | $$(@D)/
	$(call msg,TEST)
	$(Q)$(CC) $(HOST_CFLAGS) -Wno-unused-parameter $(if $(SAN),$(SANITIZE)) $(DEPS) \
		$< $(filter %.o,$^) $(HOST_LIBS) -lcmocka -o $@

# libFuzzer is clang's, so fuzzers get modules of their own; what is to warn of, gcc has said.
FUZZ_CFLAGS = $(filter-out $(WARNINGS),$(HOST_CFLAGS)) -fsanitize=address,undefined

$(FUZZERS): build/%: tests/%.c $(addprefix build/fuzz/,$(MODULES))
	$(call msg,FUZZER)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(DEPS) -fsanitize=fuzzer $< $(filter %.o,$^) $(HOST_LIBS) -o $@

build/fuzz/src/%.o: src/%.c | $$(@D)/
	$(call msg,CC)
	$(Q)$(CLANG) $(FUZZ_CFLAGS) $(DEPS) -fsanitize=fuzzer-no-link -c $< -o $@

# --- lint: what can be said about the sources without running them ---

C_FILES = $(wildcard $(addsuffix *.[ch],src/ tests/ $(addsuffix /*/,src tests libbpf exercises solutions)))
SHELL_FILES = $(wildcard src/*.sh src/emit/gradescope/* src/emit/github/.github/*/*.sh tests/*.sh \
	tests/system/* tests/hostile/*.sh) .ci/run
LINTS := lint-shell lint-format lint-units

lint: ## check shell, format, Python, licence lines, sections and chapters
	$(Q)$(MAKE) -k $(LINTS)

lint-shell:
	$(call msg,LINT,shell)
	$(Q)shellcheck -S warning $(SHELL_FILES)

# What learners have made of exercises they format as they like.
EDITED = $(shell $(RUN) lint | sed -n 's/^edited: \([^:]*\):.*/\1/p')

# Versions of clang-format differ in details; the files are as 14 wants them.
lint-format: $(WORKBOOK)
	$(call msg,LINT,format)
	$(Q)case $$($(CLANG_FORMAT) --version) in \
	*' 14.'*) $(CLANG_FORMAT) --dry-run -Werror $(filter-out $(addsuffix /%,$(EDITED)),$(C_FILES)) ;; \
	*) echo '  the format is checked by clang-format 14 only' ;; \
	esac

lint-units: $(WORKBOOK)
	$(call msg,LINT,units)
	$(Q)$(RUN) lint

.PHONY: $(LINTS)

# --- compile_commands.json: tells editors (clangd) how each file is compiled ---

define newline


endef
comma := ,
entry = {"directory": "$(CURDIR)", "file": "$1", "command": "$2 -c $1"}
entries = $(foreach f,$(wildcard src/*.c src/*/*.c tests/*.c tests/*/*.c),$(call entry,$f,$(CC) $(HOST_CFLAGS))) \
	$(foreach p,$(TWINS) $(EXERCISES) $(SOLUTIONS),\
		$(call entry,$(p:build/%=%.bpf.c),$(CLANG) $(BPF_CFLAGS)) \
		$(call entry,$(p:build/%=%.c),$(CC) $(TOOL_CFLAGS) -I$(dir $p))) \
	$(foreach f,$(wildcard libbpf/common/*.c),$(call entry,$f,$(CC) $(TOOL_CFLAGS)))

compile_commands.json: FORCE ## for editors: how each file is compiled
	$(call msg,JSON)
	$(file >$@,[$(subst } {,}$(comma)$(newline){,$(strip $(entries)))])
