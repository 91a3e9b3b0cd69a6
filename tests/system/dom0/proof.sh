# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Proves that the rig sees failures: a case that fails, a guest that panics, and a dom0
# that panics before there is a verdict. The host expects all three to be reported.
. ./lib.sh

case_fails() { [ 1 = 2 ] || fail "fails on purpose"; }
case_panics()
{
	ask pv 'echo 1 >/proc/sys/kernel/sysrq; echo c >/proc/sysrq-trigger'
	fail "dies on purpose"
}

run_case pv fails
run_case pv panics
touch /run/die
