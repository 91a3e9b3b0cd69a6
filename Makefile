# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# What people type. The kernel's build reads Kbuild instead.

# The tree that kernels are built from: Debian's source package of Linux KVER, or LINUX.
LINUX ?=
KVER ?= $(or $(if $(LINUX),$(shell sed -n 's/^VERSION = //p;s/^PATCHLEVEL = /./p' '$(LINUX)/Makefile' 2>/dev/null | tr -d '\n')),7.3)
FLAVOUR ?= ours
ARCH ?= x86_64
PAGES ?= 4k
# Only of what `make kernel` builds.
unexport ARCH PAGES

# The kernel that is demonstrated and tested; give another to skip building one.
KERNEL ?=
ifeq ($(KERNEL),)
image := $(CURDIR)/build/kernel/$(KVER)/$(FLAVOUR)/bzImage
needs-kernel := $(FLAVOUR)
else
image := $(KERNEL)
endif

.PHONY: help demo check check-all check-tools lint check-unit check-system check-build bench tools kernel patch ours stock ballooned debug kasan arm64-ours arm64-stock graft ungraft fuzz coverage mutants clean distclean
.NOTPARALLEL:

help:
	@echo 'make demo            watch guests under real Xen shrink and grow (needs no Xen here)'
	@echo 'make check           build and test, in minutes; last line: N passed, N failed'
	@echo '  make check-tools     the tools'
	@echo '  make lint            all sources, with the kernel'\''s scripts and Debian'\''s (single checks: tools/lint --help)'
	@echo '  make check-unit      the driver in user space'
	@echo '                       (longer: make fuzz, make coverage, make mutants)'
	@echo '  make check-system    real Xen (XEN=4.17|4.20), dom0 and guests in QEMU'
	@echo '                       (single cases, HVM and arm64 guests: tests/system/run --help)'
	@echo 'make check-build     compile the driver in 7.3, 6.12 and 6.1 trees in all its configurations, without a warning'
	@echo 'make check-all       that and every kernel and kind of guest, for some hours -> build/check-all.json'
	@echo '                     (parts: tests/system/matrix --help)'
	@echo 'make bench           instructions, hypercalls and time against the driver of the tree, and against'
	@echo '                     Xen alone -> build/bench/{results.json,results.svg,timeline.svg} (parts: tests/bench/run --help)'
	@echo 'make tools           xen-balloon, for inside of a guest -> build/tools/xen-balloon'
	@echo '                     (make -C tools/xen-balloon install: with manual page and completion)'
	@echo 'make kernel          KVER=7.3 FLAVOUR=ours|stock|ballooned|debug|kasan [LINUX=/path/to/tree]'
	@echo '                     -> build/kernel/KVER/FLAVOUR/{bzImage,vmlinux,config}'
	@echo '  ARCH=arm64 [PAGES=64k]'
	@echo '                     -> build/kernel/KVER/arm64-[64k-]FLAVOUR/{Image,vmlinux,config}'
	@echo 'make graft LINUX=... put the driver into a kernel tree (make ungraft takes it out)'
	@echo 'make patch           KVER=7.3 [LINUX=...]: the driver as a series for git am -> build/patch/KVER'
	@echo '                     and fixes to the tree'\''s own driver, in its folder fixes'
	@echo '                     (tools/check-patch: each patch looked at, compiled, and the documents built)'
	@echo 'make clean           remove build/; make distclean also the downloads and objects'
	@echo
	@echo 'For Debian 12 and 13. Run as root, each command installs the packages that it needs.'
	@echo 'Downloads and objects are kept in $${XEN_BALLOON_CACHE:-~/.cache/xen-balloon}.'

demo: $(needs-kernel)
	@exec env KERNEL='$(image)' tests/system/demo

check:
	$(if $(filter-out ours,$(FLAVOUR)),$(error make check is of FLAVOUR=ours: say make check-system FLAVOUR=$(FLAVOUR)))
	@exec env KVER='$(KVER)' KERNEL='$(KERNEL)' LINUX='$(LINUX)' tools/check tools lint $(if $(needs-kernel),kernel) unit system other-xen $(if $(needs-kernel),bench)

check-all:
	@exec tools/check tools lint unit matrix

check-tools:
	@tests/tools/run

lint:
	@tools/lint

check-unit:
	@tools/check unit

fuzz coverage mutants:
	@$(MAKE) --no-print-directory -C tests/unit $@

check-system: $(needs-kernel)
	@exec env KERNEL='$(image)' tests/system/run

check-build:
	@tools/check-build

bench: ours stock arm64-ours arm64-stock
	@exec env KVER='$(KVER)' tests/bench/run

kernel:
	@exec env LINUX='$(LINUX)' ARCH='$(ARCH)' PAGES='$(PAGES)' tools/kernel '$(KVER)' '$(FLAVOUR)'

patch:
	@exec env LINUX='$(LINUX)' tools/patch '$(KVER)'

ours stock ballooned debug kasan:
	@exec env LINUX='$(LINUX)' tools/kernel '$(KVER)' $@

arm64-ours arm64-stock:
	@exec env LINUX='$(LINUX)' ARCH=arm64 tools/kernel '$(KVER)' $(@:arm64-%=%)

tools:
	@$(MAKE) --no-print-directory -C tools/xen-balloon

graft ungraft:
	@test -n '$(LINUX)' || { echo 'make: error: which kernel tree? Say make $@ LINUX=/path/to/linux' >&2; exit 1; }
	@tools/graft $(if $(filter ungraft,$@),--revert) '$(LINUX)'

clean:
	rm -rf build

distclean: clean
	rm -rf "$${XEN_BALLOON_CACHE:-$$HOME/.cache/xen-balloon}"
