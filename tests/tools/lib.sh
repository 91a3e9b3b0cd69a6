# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# A test is a function whose name is a sentence of four words or more; it runs in a
# shell of its own with set -e, in an empty folder. End the file with: run_tests
# Prints "ok"/"not ok" lines and, last, "N passed, N failed".

# shellcheck disable=SC2034 # for the tests
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)

fail()
{
	printf 'failed: %s\n' "$*" >&2
	exit 1
}

# expect_line FILE TEXT: FILE is one line and holds TEXT.
expect_line()
{
	[ "$(wc -l <"$1")" = 1 ] || fail "one line was expected, not: $(cat "$1")"
	grep -qF -- "$2" "$1" || fail "'$2' was expected in: $(cat "$1")"
}

# expect_failure OUTPUT CMD...
expect_failure()
{
	local out=$1

	shift
	! "$@" >"$out" 2>&1 || fail "should have failed: $*"
}

run_tests()
{
	local test log rc passed=0 failed=0 home=$PWD

	SCRATCH=$(mktemp -d)
	trap 'rm -rf -- "$SCRATCH"' EXIT
	log=$SCRATCH/log
	while read -r test; do
		mkdir "$SCRATCH/$test"
		cd "$SCRATCH/$test" || exit 1
		(
			set -e
			"$test"
		) >"$log" 2>&1 </dev/null
		# In a condition set -e would have no effect.
		rc=$?
		if [ "$rc" = 0 ]; then
			passed=$((passed + 1))
			echo "ok - ${test//_/ }"
		else
			failed=$((failed + 1))
			echo "not ok - ${test//_/ }"
			sed 's/^/    /' "$log"
		fi
		cd "$home" || exit 1
		rm -rf -- "${SCRATCH:?}/$test"
	done < <(sed -nE 's/^([A-Za-z0-9]+(_[A-Za-z0-9]+){3,})\(\)( \{.*)?$/\1/p' "$0" | grep -v '^given_')
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}
