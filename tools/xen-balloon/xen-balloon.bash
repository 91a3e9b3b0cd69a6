# SPDX-License-Identifier: GPL-2.0-only OR MIT
# shellcheck shell=bash

_xen_balloon()
{
	local word=${COMP_WORDS[COMP_CWORD]} options='' command='' i

	COMPREPLY=()
	case ${COMP_WORDS[COMP_CWORD - 1]} in
	--root)	mapfile -t COMPREPLY < <(compgen -d -- "$word"); return ;;
	-i | --interval | -t | --timeout) return ;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		status)	command=1 options="--json" ;;
		watch)	command=1 options="--interval" ;;
		set)	command=1 options="--no-wait --timeout --quiet" ;;
		esac
	done
	[[ $word == -* ]] && options+=" --root --help --version"
	[[ $command || $word == -* ]] || options="status watch set"
	mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word")
}
complete -F _xen_balloon xen-balloon
