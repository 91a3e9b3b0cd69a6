# SPDX-License-Identifier: GPL-2.0-only OR MIT
# Those of Xen's symbols that $wanted, an extended regular expression, matches: its
# package does not have them.
grep -E "$wanted" /proc/xen/xensyms | sed 's/^/symbol /' >&3
echo 1 0 >/run/verdict
