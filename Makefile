# SPDX-License-Identifier: Apache-2.0
# casemate's build. `make help` lists what there is.
#
#   CC=clang         another compiler (gcc and clang are both kept free of warnings)
#   BUILD=DIR        where everything built goes (build)
#   SANITIZE=1       address and undefined-behaviour sanitizers, in build/sanitize
#   STATIC=0         link the field libraries dynamically (also where no static ones are installed)
#   V=1              show the commands as they are
#   PREFIX, DESTDIR  for install and uninstall (/usr/local, nothing)

VERSION := 0.1.0
COMMIT := $(shell git rev-parse --short HEAD 2>/dev/null)

ifeq ($(origin CC),default)
CC := gcc
endif
SANITIZE ?= 0
ifeq ($(SANITIZE),1)
BUILD ?= build/sanitize
STATIC := 0
else
BUILD ?= build
# Whether the compiler finds the library $(1); it answers with a bare name where it does not.
find_library = $(findstring /,$(shell $(CC) -print-file-name=$(1) 2>/dev/null))
ifeq ($(origin STATIC),undefined)
STATIC := $(if $(and $(call find_library,libyajl_s.a),$(call find_library,libseccomp.a),$(call find_library,liboath.a),$(call find_library,libc.a)),1,0)
endif
endif

PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
BASH_COMPLETION_DIR ?= $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETION_DIR ?= $(PREFIX)/share/zsh/site-functions
FISH_COMPLETION_DIR ?= $(PREFIX)/share/fish/vendor_completions.d
FUZZ_SECONDS ?= 30

# Compiling

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wundef -Wformat=2 -Wno-format-nonliteral -Wvla -Wimplicit-fallthrough
# clang has neither the warning nor the word for it.
ifeq ($(findstring clang,$(shell $(CC) --version 2>/dev/null)),)
WARNINGS += -Wno-format-truncation
HARDENING := -fstack-clash-protection -fcf-protection=full
else
HARDENING := -fstack-clash-protection
endif
ifneq ($(filter aarch64% arm64%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
HARDENING := -fstack-clash-protection -mbranch-protection=standard
else
# The linker of Debian 12 has this for x86 only.
PACKED_RELOCATIONS := -Wl,-z,pack-relative-relocs
endif

CPPFLAGS += -D_GNU_SOURCE -Ilibcontainer -Iruntime
# musl lacks some of what glibc has.
ifeq ($(shell echo __GLIBC__ | $(CC) -E -P -include features.h - 2>/dev/null),__GLIBC__)
override CPPFLAGS += -isystem libcontainer/base/musl -include libcontainer/base/musl/libc.h
endif
CFLAGS ?= -O2 -g
ifeq ($(SANITIZE),1)
override CFLAGS += -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
else
override CPPFLAGS += -D_FORTIFY_SOURCE=2
override CFLAGS += -fstack-protector-strong $(HARDENING)
endif
override CFLAGS += -std=gnu17 -fPIE -fno-strict-aliasing -fvisibility=hidden -ffunction-sections \
	-fdata-sections $(WARNINGS)

# Linking. static-pie over static costs 10 to 15 microseconds a start (relocations, packed), and buys
# address-space randomisation; a dynamically linked program starts 600 microseconds later.
LDFLAGS += -Wl,--gc-sections -Wl,-z,relro,-z,now,-z,noexecstack
ifeq ($(STATIC),1)
LINK := -static-pie $(PACKED_RELOCATIONS) -Wl,-e,casemate_entry
LIBRARIES := -lyajl_s -lseccomp -loath -lm
else
LINK := -pie
LIBRARIES := -lyajl -lseccomp -loath -lm
endif
# Unit tests are linked dynamically: cmocka comes as a shared library only.
TEST_LIBRARIES := -lyajl -lseccomp -loath -lcmocka -ldl -lm

V ?= 0
ifeq ($(V),0)
say = @printf '  %-4s %s\n' $(1) $@;
endif

# What there is

LIBRARY_SOURCES := $(sort $(wildcard libcontainer/*/*.c))
RUNTIME_SOURCES := $(sort $(wildcard runtime/*.c))
UNIT_SOURCES := $(sort $(wildcard tests/unit/test_*.c))
UNIT_HELPER_SOURCES := $(sort $(filter-out $(UNIT_SOURCES),$(wildcard tests/unit/*.c)))
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/fuzz_*.c))
TEST_PROGRAM_SOURCES := $(sort $(wildcard tests/integration/*.c tests/attack/*.c tests/fault/*.c tests/helpers/*.c))

object = $(patsubst %.c,$(BUILD)/%.o,$(1))
COMPANION_SOURCES := $(sort $(wildcard libcontainer/ondemand/companion/*.c))
COMPANION_OBJECTS := $(call object,$(COMPANION_SOURCES) $(sort $(wildcard libcontainer/base/*.c)))
LIBRARY_OBJECTS := $(call object,$(LIBRARY_SOURCES))
RUNTIME_OBJECTS := $(call object,$(RUNTIME_SOURCES))
UNIT_HELPER_OBJECTS := $(call object,$(UNIT_HELPER_SOURCES))
UNIT_TESTS := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_SOURCES))
FUZZERS := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(FUZZ_SOURCES))
REPLAYS := $(patsubst tests/fuzz/fuzz_%.c,$(BUILD)/unit/replay_%,$(FUZZ_SOURCES))
TEST_PROGRAMS := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_PROGRAM_SOURCES))
SCRIPTS := scripts/install-deps scripts/demo tests/run tests/unit/tap tests/leaks tests/bench/run tests/bench/many tests/fuzz/run tests/fuzz/replay .ci/run
C_FILES = $(shell git ls-files '*.c' '*.h')
SHELL_FILES = $(shell git ls-files '*.sh' '*.bash' '*.bats' 'completions/casemate.bash') $(wildcard $(SCRIPTS))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help laws unit unit-programs test-programs check check-vm demo bench fuzz fuzzers lint musl format install \
	uninstall clean FORCE

all: $(BUILD)/casemate

$(BUILD)/casemate: $(RUNTIME_OBJECTS) $(LIBRARY_OBJECTS)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) $(LINK) -o $@ $^ $(LIBRARIES)

$(BUILD)/%.o: %.c Makefile $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CPPFLAGS) $(EXTRA_CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# What runs before there is a libc.
$(BUILD)/runtime/entry.o: override CFLAGS += -ffreestanding -fno-stack-protector -fno-sanitize=all

# Objects are made again when the compiler or its flags change.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || echo '$(CC) $(CPPFLAGS) $(CFLAGS)' >$@

# The version and the commit, in a header of their own, so that a commit rebuilds only what prints them.
$(BUILD)/version.h: FORCE
	@mkdir -p $(@D)
	@printf '#define CASEMATE_VERSION "%s"\n#define CASEMATE_COMMIT "%s"\n' '$(VERSION)' '$(COMMIT)' \
		>$@.new; cmp -s $@.new $@ && rm $@.new || mv $@.new $@
VERSIONED := $(call object,$(shell grep -lsE 'CASEMATE_(VERSION|COMMIT)' $(RUNTIME_SOURCES) $(LIBRARY_SOURCES)))
$(VERSIONED): $(BUILD)/version.h
$(VERSIONED): EXTRA_CPPFLAGS = -include $(BUILD)/version.h

# .incbin is invisible to the compiler's list of dependencies.
$(call object,$(wildcard libcontainer/policy/*.c libcontainer/seccomp/*.c)): \
	$(wildcard policies/*.json seccomp-profiles/*.json seccomp-profiles/guards/*.json)

# The companion: what needs shared libraries, linked dynamically and embedded in the program (libcontainer/ondemand).
COMPANION_LIBRARIES := $(if $(filter 1,$(STATIC)),-l:libyajl_s.a,-lyajl) -lm -ldl
$(BUILD)/companion: $(COMPANION_OBJECTS)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -pie -s -o $@ $^ $(COMPANION_LIBRARIES)
EMBEDDED := libcontainer/ondemand/embedded
$(BUILD)/$(EMBEDDED).o $(BUILD)/fuzz/$(EMBEDDED).o: private EXTRA_CPPFLAGS = -DCOMPANION='"$(BUILD)/companion"'
$(BUILD)/$(EMBEDDED).o $(BUILD)/fuzz/$(EMBEDDED).o: $(BUILD)/companion

# Tests

unit-programs: $(UNIT_TESTS) $(REPLAYS)
unit: unit-programs ## build and run the unit tests
	@status=0; for test in $(UNIT_TESTS); do $$test || status=1; done; tests/fuzz/replay $(BUILD)/unit && exit $$status

$(BUILD)/unit/replay_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBRARIES)
$(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(UNIT_HELPER_OBJECTS) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	$(call say,LD)$(CC) $(CFLAGS) $(LDFLAGS) -pie -o $@ $^ $(TEST_LIBRARIES)

laws: $(BUILD)/unit/test_policy_laws ## the laws of policies on 100,000 random triples, and other ones each time
	@CASEMATE_TEST_TRIPLES=100000 CASEMATE_TEST_SEED=$$(date +%s) $<

# Programs that run inside containers or beside them: one file each, linked statically.
test-programs: $(TEST_PROGRAMS)
$(BUILD)/tests/%: tests/%.c Makefile
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -D_GNU_SOURCE -O1 -std=gnu17 $(WARNINGS) -static -o $@ $<

check: ## install what is missing, build and run every test this machine can run
	@scripts/install-deps build test && tests/run

# The machine is built once; VM_PARTS chooses among the parts of tests/vm/check.sh.
check-vm: VM_PARTS ?= root systemd rootless podman engines apparmor selinux hybrid compat compat-systemd compat-rootless
check-vm: ## build a virtual machine (once) and run the tests that need systemd, cgroup v2, AppArmor, SELinux
	@scripts/install-deps build test vm && { [ -s $(BUILD)/vm/root.img ] || tests/vm/build.sh $(BUILD)/vm; } && \
		VM_PARTS="$(VM_PARTS)" tests/run vm

demo: ## install what is missing, build, run a hardened container and explain it
	@scripts/demo

# Fuzzing: everything is compiled once more by clang with its coverage instrumentation. What clang calls a
# pointer overflow is mostly the offset 0 of an empty list; the address sanitizer finds the others.
FUZZ_FLAGS := -g -O1 -std=gnu17 $(filter-out -Wno-format-truncation,$(WARNINGS)) -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-sanitize=pointer-overflow
FUZZ_OBJECTS := $(patsubst %.c,$(BUILD)/fuzz/%.o,$(LIBRARY_SOURCES))

fuzzers: $(FUZZERS)
fuzz: fuzzers ## run each fuzzer for FUZZ_SECONDS (30)
	@tests/fuzz/run $(BUILD)/fuzz $(FUZZ_SECONDS)

$(BUILD)/fuzz/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,FUZZ)clang $(CPPFLAGS) $(EXTRA_CPPFLAGS) -U_FORTIFY_SOURCE -include $(BUILD)/version.h $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(FUZZ_OBJECTS): | $(BUILD)/version.h
$(filter $(BUILD)/fuzz/libcontainer/policy/%,$(FUZZ_OBJECTS)): \
	$(wildcard policies/*.json seccomp-profiles/*.json seccomp-profiles/guards/*.json)
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(FUZZ_OBJECTS)
	$(call say,FUZZ)clang $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ -lyajl -lseccomp -loath -lm

# Measuring

bench: all $(BUILD)/bench/bench $(BUILD)/bench/bare ## casemate, runc, crun and a bare program in turn
	@tests/bench/run $(BUILD)
$(BUILD)/bench/%: tests/bench/%.c Makefile
	@mkdir -p $(@D)
	$(call say,LD)$(CC) -D_GNU_SOURCE -O2 -std=gnu17 $(WARNINGS) -static -o $@ $<

# Style

# cppcheck takes what a function fills for uninitialised, and does not know of cleanup attributes; the compilers and
# clang-tidy do. There are no threads, so functions with a static buffer are fine.
LINT_FLAGS = -std=gnu17 $(CPPFLAGS) -U_FORTIFY_SOURCE -Itests/unit -include $(BUILD)/version.h
lint: $(BUILD)/version.h ## clang-format, clang-tidy, cppcheck, shellcheck, musl: no finding
	clang-format --dry-run -Werror $(C_FILES)
	printf '%s\n' $(filter %.c,$(C_FILES)) | xargs -P $$(nproc) -n 4 sh -c \
		'clang-tidy --quiet "$$@" -- $(LINT_FLAGS) 2>/dev/null' clang-tidy
	cppcheck --quiet --std=c11 --library=posix,gnu --enable=warning,performance,portability \
		--inline-suppr --error-exitcode=1 -j $$(nproc) --suppress=missingIncludeSystem \
		--suppress=uninitvar --suppress=ctuuninitvar --suppress=resourceLeak --suppress=memleak \
		--suppress=readdirCalled --suppress=fgetpwentCalled -D__x86_64__ -D_GNU_SOURCE \
		-Ilibcontainer -Iruntime $(filter libcontainer/%.c runtime/%.c,$(C_FILES))
	shellcheck -x $(sort $(SHELL_FILES))
	tests/coverage
	$(MAKE) -s musl

# musl-gcc of Debian knows musl's own headers; the kernel's and the libraries' are lent to it. There are no libraries to
# link with.
MUSL := $(BUILD)/musl
MUSL_OBJECTS := $(patsubst %.c,$(MUSL)/%.o,$(filter-out %/embedded.c,$(LIBRARY_SOURCES) $(RUNTIME_SOURCES) $(COMPANION_SOURCES)))
musl: ## compile everything once with musl-gcc: Alpine's C library
	@mkdir -p $(MUSL)/include
	@ln -sfn $(addprefix /usr/include/,linux asm-generic yajl liboath systemd nftables seccomp.h seccomp-syscalls.h) \
		/usr/include/$$($(CC) -dumpmachine)/asm $(MUSL)/include
	@$(MAKE) CC="musl-gcc -isystem $(MUSL)/include" BUILD=$(MUSL) $(MUSL_OBJECTS)

format: ## bring the C files into shape
	clang-format -i $(C_FILES)

# Installing

install: all ## install under PREFIX (/usr/local)
	install -D -m 755 $(BUILD)/casemate $(DESTDIR)$(SBINDIR)/casemate
	for page in docs/man/*.8; do \
		[ ! -e "$$page" ] || install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 "$$page" || exit 1; done
	install -D -m 644 completions/casemate.bash $(DESTDIR)$(BASH_COMPLETION_DIR)/casemate
	install -D -m 644 completions/_casemate $(DESTDIR)$(ZSH_COMPLETION_DIR)/_casemate
	install -D -m 644 completions/casemate.fish $(DESTDIR)$(FISH_COMPLETION_DIR)/casemate.fish

uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(SBINDIR)/casemate
	for page in docs/man/*.8; do rm -f "$(DESTDIR)$(MANDIR)/man8/$${page##*/}"; done
	rm -f $(DESTDIR)$(BASH_COMPLETION_DIR)/casemate $(DESTDIR)$(ZSH_COMPLETION_DIR)/_casemate \
		$(DESTDIR)$(FISH_COMPLETION_DIR)/casemate.fish

clean: ## remove everything built
	rm -rf $(BUILD)

help: ## this list
	@echo "make: build $(BUILD)/casemate. Further targets:"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 14

-include $(LIBRARY_OBJECTS:.o=.d) $(COMPANION_OBJECTS:.o=.d) $(RUNTIME_OBJECTS:.o=.d) $(UNIT_HELPER_OBJECTS:.o=.d) $(FUZZ_OBJECTS:.o=.d)
-include $(patsubst %.c,$(BUILD)/%.d,$(UNIT_SOURCES) $(FUZZ_SOURCES) tests/fuzz/replay.c)
-include $(patsubst %.c,$(BUILD)/fuzz/%.d,$(FUZZ_SOURCES))
