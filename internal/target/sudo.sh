IFS= read -r relay_pw
relay_dir=
for relay_at in "${XDG_RUNTIME_DIR:-}" "${TMPDIR:-/tmp}" "${HOME:-}"; do
	[ -n "$relay_at" ] && [ -w "$relay_at" ] || continue
	relay_dir=$(umask 077 && mktemp -d "$relay_at/.relay-XXXXXXXX" 2>/dev/null) || { relay_dir=; continue; }
	printf '%s\n' '#!/bin/sh' 'd=${0%/*}' '[ -p "$d/p" ] || { : >"$d/again"; exit 1; }' 'IFS= read -r x <"$d/p"' 'rm -f "$d/p"' 'printf "%s\n" "$x"' >"$relay_dir/ask"
	chmod 700 "$relay_dir/ask"
	"$relay_dir/ask" 2>/dev/null
	[ $? -eq 1 ] && break
	rm -rf "$relay_dir"
	relay_dir=
done
trap '[ -z "$relay_dir" ] || rm -rf "$relay_dir"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
sudo() {
	for relay_a in "$@"; do
		case $relay_a in
		-S | --stdin | -A | --askpass) command sudo "$@"; return ;;
		-*) ;;
		*) break ;;
		esac
	done
	[ ! -e "$relay_dir/refused" ] || exit 1
	relay_one=
	[ -z "$relay_dir" ] || relay_one=$(mktemp -d "$relay_dir/XXXXXXXX") || relay_one=
	if [ -z "$relay_one" ] || ! ln "$relay_dir/ask" "$relay_one/ask" || ! mkfifo -m 600 "$relay_one/p"; then
		echo 'relay-shell: no directory in which a program may run: the stored password for sudo cannot be given' >&2
		command sudo -n "$@"
		return
	fi
	{ printf '%s\n' "$relay_pw" >"$relay_one/p"; } 2>/dev/null &
	relay_pid=$!
	SUDO_ASKPASS=$relay_one/ask command sudo -A "$@"
	relay_rc=$?
	kill "$relay_pid" 2>/dev/null
	wait "$relay_pid" 2>/dev/null
	if [ -e "$relay_one/again" ]; then
		: >"$relay_dir/refused"
		echo "$relay_mark" >&2
		exit 1
	fi
	rm -rf "$relay_one"
	return "$relay_rc"
}
