# Says whether the process of a change that would revert still runs. A number may be another process's by now.
pid=$(cat "$P/pid" 2>/dev/null)
if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
if [ -r "/proc/$pid/cmdline" ]; then tr '\0' ' ' <"/proc/$pid/cmdline"; else ps -o args= -p "$pid"; fi | grep -q relay-revert && { echo alive; exit; }
fi
echo gone
