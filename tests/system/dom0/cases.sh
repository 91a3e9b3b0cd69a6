# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Runs the cases. They are in cases/, where a line "# case NAME GUEST...: SENTENCE" stands
# before each, which the host reads, too; $1 is the guest. Each starts from the guest's
# memory at creation (prepare in lib.sh). "extra" cases run only when they are named, for
# guests in parentheses when all of them are wanted (--whole).
. ./lib.sh
for file in cases/*.sh; do
	. "./$file"
done

# Else a guest's user space may not ask Xen what it counts.
kernel_options=xen_privcmd.unrestricted=1

passed=0 failed=0
for name in $(echo "$cases" | tr : ' '); do
	guest=${name%%-*}
	# only one guest at a time, so that they do not share the processor
	[ "$guest" = "$last" ] || [ -z "$last" ] || stop "$last"
	last=$guest
	run_case "$guest" "${name#*-}"
done
echo "$passed $failed" >/run/verdict
