# SPDX-License-Identifier: GPL-2.0-only OR MIT
# The rig itself, as far as it needs a guest.

# case talks pv: answers with the whole output of a command
case_talks()
{
	for length in 0 1 1599 1600 1601 2048 4096 20000; do
		got=$(ask "$1" "head -c $length /dev/zero | tr '\\000' x" | wc -c) || fail "$length bytes get no answer"
		[ "$got" = $length ] || fail "of $length bytes $got arrive"
	done
	! ask "$1" 'echo said; false' >/dev/null || fail "the exit status is lost"
	[ "$(ask "$1" 'seq 3000' | tail -n 1)" = 3000 ] || fail "lines are lost"
}
