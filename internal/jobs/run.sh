# The runner of one job on a host: directory, bytes of output to keep, umask, shell, setsid or nothing, working directory. It leads a
# session of its own.
d=$1 Z=1000000000000000 S=$(($2/16)) u=$3 sh=$4 c=$5 w=$6
B=$((S/64)) K=$(($2-2*S))
umask 077
b=- n=-
{ read -r b </proc/sys/kernel/random/boot_id; read -r l </proc/$$/stat; } 2>/dev/null && { l=${l##*") "}; set -- $l; n=${20}; }
echo "$$ $n $b" >$d/.pid && mv $d/.pid $d/pid && [ -s $d/pid ] || exit 1
[ "$c" ] || trap "" HUP
e=; env --default-signal=INT,QUIT true 2>/dev/null && e="env --default-signal=INT,QUIT"
# log keeps the newest output in segments. dd reads and writes one block at a time, so nothing is held back and nothing is read
# that is not written, as head would. Of a block that could not be written at most its size is lost, and as much is counted.
log() {
t=$Z
while :; do
s=$t o=$d/out.$t
while :; do
k=0 n=$t
if true 2>/dev/null >>$o; then
dd bs=$B count=64 2>/dev/null >>$o && k=1 || k=2
n=$(wc -c <$o); n=$((s+n))
fi
if [ $k != 1 ]; then
[ $k = 0 ] || n=$((n+B))
[ -s $o ] || rm -f $o
t=$n
n=$(dd bs=$B count=64 2>/dev/null | wc -c)
[ $((n)) = 0 ] && return
t=$((t+n))
break
fi
[ $n = $t ] && return
t=$n
[ $((t-s)) -lt $S ] || break
done
set -- $d/out.*
while [ $# -gt 1 ] && [ $((t-${1##*.})) -gt $K ]; do rm -f $1; shift; done
done
}
nap() { sleep 0.05 2>/dev/null || { sleep 1; t=$((t+20)); }; }
# The command's status is noted when its output is complete; a child of it that keeps the output open is not waited for long. Redirected by
# exec: a group's redirection would keep a copy of the pipe, and the output would never be complete.
(
exec 3>&1 >/dev/null 2>&1
x=$(wc -c <$d/cmd)
if [ $x -lt 90000 ]; then set -- -c "$(cat $d/cmd)"; else set -- "$PWD/$d/cmd"; fi
(
CALLVAR=$d; export CALLVAR
exec $e $c sh -c 'echo $$ 2>/dev/null >"$0/child"; umask $1; cd "$2" || exit; shift 2; exec "$@"' $d $u "$w" "$sh" "$@"
) >&3 2>&3 3>&-
x=$?
exec 3>&-
t=0
while [ -e $d/open ] && [ $t -lt 40 ]; do nap; t=$((t+1)); done
printf '%-60s\n' "$x $(date +%s)" | dd of=$d/end conv=notrunc
) | { log; printf '%-20s\n' $((t-Z)) | dd of=$d/total conv=notrunc 2>/dev/null; rm -f $d/open; }
