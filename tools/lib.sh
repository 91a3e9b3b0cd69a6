# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash
#
# What the scripts under tools/ and tests/ share. Source it:
#	. "$(dirname "$0")/lib.sh"
#
# Messages go to standard error: standard output belongs to results.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$TOP/build
CACHE=${XEN_BALLOON_CACHE:-${HOME:-/root}/.cache/xen-balloon}
ME=${ME:-${0##*/}}
# shellcheck disable=SC2034 # for those who source this
export TOP BUILD CACHE

# say MSG...: one line about what is being done.
say() { printf '%s\n' "$ME: $*" >&2; }

# die MSG...: one line: what is wrong and what to do about it.
die()
{
	progress_end
	printf '%s\n' "$ME: error: $*" >&2
	exit 1
}

# progress MSG...: overwritten in place on a terminal, otherwise one line each 30 s.
progress()
{
	if [ -t 2 ]; then
		printf '\r\033[K%s' "$ME: $*" >&2
		PROGRESS_OPEN=1
	elif [ $((SECONDS - ${PROGRESS_LAST:-SECONDS})) -ge 30 ]; then
		say "$@"
		PROGRESS_LAST=$SECONDS
	else
		PROGRESS_LAST=${PROGRESS_LAST:-$SECONDS}
	fi
}

progress_end()
{
	[ -z "${PROGRESS_OPEN:-}" ] || printf '\r\033[K' >&2
	PROGRESS_OPEN=
	PROGRESS_LAST=
}

# elapsed SECONDS: 75 -> 1:15
elapsed() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# need_disk MIB PATH: PATH, or the folder it will be created in, has MIB to spare.
need_disk()
{
	local mib=$1 path=$2 free

	while [ ! -e "$path" ]; do path=$(dirname "$path"); done
	free=$(df -Pm -- "$path" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$mib" ] ||
		die "$path has $free MiB free, $mib MiB are needed: make room, or set XEN_BALLOON_CACHE to a folder on a larger disk"
}

# make_folder PATH: with a plain word when that is refused.
make_folder()
{
	mkdir -p -- "$1" 2>/dev/null ||
		die "cannot create $1: check its permissions, or set XEN_BALLOON_CACHE to a folder that can be written"
}

# with_lock FILE: from here to the end of the (sub)shell no one else has it.
with_lock()
{
	local fd

	make_folder "$(dirname "$1")"
	exec {fd}>"$1" || die "cannot write $1: check its permissions"
	if ! flock -n "$fd"; then
		say "waiting for another run to finish (${1##*/})"
		flock "$fd"
	fi
}

# What this shell must undo however it ends; a subshell starts with nothing to undo.
own_cleanup()
{
	[ "${CLEANUP_OWNER:-}" != "$BASHPID" ] || return 0
	CLEANUP_OWNER=$BASHPID
	BG_PIDS=
	TEMP_FOLDERS=()
	trap 'clean_up' EXIT
	trap 'clean_up; trap - INT; kill -INT $BASHPID' INT
	trap 'clean_up; trap - TERM; kill -TERM $BASHPID' TERM
	trap 'clean_up; trap - HUP; kill -HUP $BASHPID' HUP
}

clean_up()
{
	[ "${CLEANUP_OWNER:-}" = "$BASHPID" ] || return 0
	progress_end
	end_background
	[ "${#TEMP_FOLDERS[@]}" = 0 ] || rm -rf -- "${TEMP_FOLDERS[@]}"
	TEMP_FOLDERS=()
}

# temp_folder VAR PARENT: a folder for unfinished work in PARENT, gone when this shell ends.
temp_folder()
{
	local made

	own_cleanup
	make_folder "$2"
	# What a killed run left behind.
	find "$2" -maxdepth 1 -name '.unfinished.*' -mmin +1440 -exec rm -rf {} + 2>/dev/null || :
	made=$(mktemp -d "$2/.unfinished.XXXXXX" 2>/dev/null) ||
		die "cannot write in $2: check its permissions and the disk's free space"
	TEMP_FOLDERS+=("$made")
	printf -v "$1" %s "$made"
}

# in_background CMD...: starts CMD as a process group of its own, with its pid in
# BG_PID, that ends with this shell however this shell ends.
in_background()
{
	own_cleanup
	set -m
	setpriv --pdeathsig TERM -- "$@" </dev/null &
	set +m
	BG_PID=$!
	BG_PIDS="$BG_PIDS $BG_PID"
}

# end_background: ends what in_background started and waits until it is gone.
end_background()
{
	local pid i

	for pid in ${BG_PIDS:-}; do
		kill -0 -- "-$pid" 2>/dev/null || continue
		kill -TERM -- "-$pid" 2>/dev/null || :
		for ((i = 0; i < 50; i++)); do
			kill -0 -- "-$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
	BG_PIDS=
	return 0
}

# await PID: waits for a command of in_background; returns its exit status.
await()
{
	local rc=0

	wait "$1" || rc=$?
	BG_PIDS=${BG_PIDS/ $1/}
	return "$rc"
}

# run_shown LOG MSG CMD...: runs CMD with its output in LOG and shows that time passes.
run_shown()
{
	local log=$1 msg=$2 start=$SECONDS rc=0

	shift 2
	in_background "$@" >"$log" 2>&1
	while kill -0 "$BG_PID" 2>/dev/null; do
		if [ $((SECONDS - start)) -lt 2 ]; then
			sleep 0.05
		else
			progress "$msg ($(elapsed $((SECONDS - start))))"
			sleep 0.5
		fi
	done
	await "$BG_PID" || rc=$?
	progress_end
	return "$rc"
}

# apt_trouble LOG: apt's complaint in LOG as one plain sentence.
apt_trouble()
{
	local log=$1 line

	if grep -qE 'No space left|enough free space' "$log"; then
		echo "no disk space is left: make room and run it again"
	elif grep -qE 'NO_PUBKEY|EXPKEYSIG|is not signed' "$log"; then
		echo "apt cannot verify the archive's signature: update the package debian-archive-keyring"
	elif grep -qE 'Could not resolve|Temporary failure|Could not connect|Unable to connect|Connection (failed|refused|timed out)|Network is unreachable|Cannot initiate the connection' "$log"; then
		echo "the package archive cannot be reached: check the network and apt's proxy settings, then run it again"
	elif line=$(grep -oE 'Unable to locate package [^ ]+' "$log" | tail -n 1) && [ -n "$line" ]; then
		echo "apt knows no package ${line##* }: check the machine's apt sources"
	elif grep -qE 'does not have a Release file|404 ' "$log"; then
		echo "the package archive does not have what apt asked for: $(grep -E 'does not have a Release file|404 ' "$log" | tail -n 1 | sed 's/^[EW]: //') ($log)"
	elif grep -qE 'Could not get lock' "$log"; then
		echo "another apt holds the lock: wait for it to end, then run it again"
	else
		line=$(grep -E '^E: ' "$log" | head -n 1)
		echo "apt failed: ${line:-no message} (all of it is in $log)"
	fi
}

# lacks_packages PKG...: prints those that are not installed.
lacks_packages()
{
	local pkg

	for pkg; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null)" = installed ] ||
			printf '%s ' "$pkg"
	done
}

# need_packages PKG...: installs what is missing with the machine's own apt.
need_packages()
{
	local missing

	command -v apt-get >/dev/null ||
		die "this machine has no apt: install by hand what these Debian packages offer: $*"
	missing=$(lacks_packages "$@")
	[ -n "$missing" ] || return 0
	[ "$(id -u)" = 0 ] ||
		die "packages are missing: run as root: apt-get install ${missing% }"
	(install_packages "$@") || exit 1
}

install_packages()
{
	local missing log=$CACHE/log/install.log
	local -a list apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y
		-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0)

	make_folder "$CACHE/log"
	with_lock "$CACHE/install.lock"
	missing=$(lacks_packages "$@")	# another run may just have brought them
	[ -n "$missing" ] || return 0
	need_disk 500 /var/cache/apt
	read -ra list <<<"$missing"
	say "installing ${missing% }"
	# Lists may be absent (a container) or older than the archive: then refresh once.
	if ! find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' 2>/dev/null | grep -q . ||
	   ! run_shown "$log" "installing" "${apt[@]}" install --no-install-recommends "${list[@]}"; then
		run_shown "$log" "refreshing apt's package lists" "${apt[@]}" update ||
			die "$(apt_trouble "$log")"
		cp "$log" "$log.update"
		if ! run_shown "$log" "installing" "${apt[@]}" install --no-install-recommends "${list[@]}"; then
			# An unreachable archive shows in the update already.
			! grep -q 'Unable to locate' "$log" || cat "$log.update" >>"$log"
			die "$(apt_trouble "$log")"
		fi
	fi
	missing=$(lacks_packages "$@")
	[ -z "$missing" ] || die "apt did not install ${missing% } (see $log)"
}
