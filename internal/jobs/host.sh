# Jobs on a host, each in a private directory there. Plain POSIX sh (dash, busybox, bash, zsh as sh, ksh), no GNU options. A call is
# one of the functions do_* with its arguments; its answer is lines that begin with "J ", errors with "J! CODE text".
#
# A job's directory: info (what the caller knows of it, one line), cmd (the command), run (the script below), pid (the runner's
# process id, its start time, the boot), end ("- TIME" while it runs, then "STATUS TIME"; written in place, so that a full disk
# cannot lose it), total (of output, once it is complete, in place too), open (there while output may come), killed, and the output in
# files out.N, N being 10^15 plus the offset of the first byte: what is missing can be told from the names alone. 10^15 because a leading
# zero means octal.
Z=1000000000000000
case $XDG_STATE_HOME in /*) j=$XDG_STATE_HOME;; *) j=${HOME:-/nowhere}/.local/state;; esac
j=$j/relay-shell/jobs
w=$PWD
fail() { echo "J! $*"; exit; }
# unwritten fails with the reason for which the directory of jobs takes no 4 KiB.
unwritten() {
x=$(dd if=/dev/zero of=.new-probe bs=4096 count=1 2>&1) && x= || x=${x##*: }
rm -f .new-probe
case $x in "") fail internal "$1";; *[Rr]ead-only*|*ermission*) fail permission_denied "$1: $x";; *) fail disk_full "$1: $x";; esac
}
# enter goes to the directory of jobs, so that their names need no quotes whatever the home is called.
enter() { cd "$j" 2>/dev/null; }
nap() { sleep 0.1 2>/dev/null || { sleep 1; t=$((t+9)); }; }
# state sets s to running, ended, killed or lost, c to the status, e to the time, of directory $1.
state() {
c= e=0 s=lost
{ read -r c e <$1/end; } 2>/dev/null
case $c in
-) alive $1 && s=running;;
[0-9]*) s=ended; [ -e $1/killed ] && s=killed;;
*) c=-;;
esac
}
# alive tells whether the runner of directory $1 lives: its number may be another's by now, hence its start time and the boot. One
# without a number is being started, unless that has taken too long: what started it has been killed.
alive() {
[ -s $1/pid ] || { [ -e $1/open ] && [ $(($(date +%s)-${e:-0})) -lt 15 ]; return; }
{ read -r p st b <$1/pid && case $p in ''|*[!0-9]*) false;; esac; } || return 1
if [ -r /proc/self/stat ]; then
B=-; read -r B </proc/sys/kernel/random/boot_id
[ "$b" = "$B" ] && read -r l </proc/$p/stat || return 1
l=${l##*") "}
nth20 $l
[ "$n" = "$st" ]
else
kill -0 $p
fi
} 2>/dev/null
nth20() { n=${20}; }
# bounds sets f to the offset of the oldest kept byte, n to that behind the newest, of directory $1.
bounds() {
set -- $1/out.1???????????????
f=0 n=0
if [ ! -e "$1" ]; then
{ read -r n <${1%/*}/total; } 2>/dev/null
case $n in ''|*[!0-9]*) n=0;; *) f=$n;; esac
return
fi
f=$((${1##*.}-Z))
while [ $# -gt 1 ]; do shift; done
n=$(wc -c <$1) 2>/dev/null
n=$((${1##*.}-Z+${n:-0}))
x=; { read -r x <${1%/*}/total; } 2>/dev/null
case $x in ''|*[!0-9]*) ;; *) [ $x -gt $n ] && n=$x;; esac
}
# pid sets p to the runner's process id, of directory $1.
pid() {
p=0
{ read -r p x <$1/pid; } 2>/dev/null
case $p in ''|*[!0-9]*) p=0;; esac
}
head_() { echo "J ${1##*/} $s $c $e $f $n $2 $3"; [ -z "$4" ] || cat $1/info; }
# clean removes jobs that ended more than $1 seconds ago, all but the $2 newest, and what starts left that got nowhere.
clean() {
now=$(date +%s) k=0 all=
for d in j-*; do
[ -e $d ] || continue
state $d
[ $s = running ] && continue
if [ ! -s $d/pid ] || [ $((now-${e:-0})) -gt $1 ]; then rm -rf $d; else k=$((k+1)) all="$all ${e:-0}:$d"; fi
done
while [ $k -gt $2 ]; do
old=
for x in $all; do [ -z "$old" ] || [ ${x%%:*} -lt ${old%%:*} ] && old=$x; done
rm -rf ${old#*:}
rest=
for x in $all; do [ $x = $old ] || rest="$rest $x"; done
all=$rest k=$((k-1))
done
find . -name '.new-*' -prune -mtime +1 -exec rm -rf {} + 2>/dev/null
}
# put prints a line with what the shell has built in: it may be secret.
put() { if [ -n "${KSH_VERSION:-}${SH_VERSION:-}" ]; then print -r -- "$1"; else printf '%s\n' "$1"; fi; }
started() { [ -s $d/info ] && { state $d; bounds $d; pid $d; head_ $d $p 0 info; }; }
# do_start starts a job, once: a caller that heard no answer may ask again. ID LIMIT MAX RETENTION HISTORY INFO, and the command on standard input;
# with "first" as the seventh argument what the command's own standard input is to be comes before it, as a line.
do_start() {
i=; [ -z "$7" ] || IFS= read -r i
u=$(umask)
umask 077
x=$(mkdir -p "$j" 2>&1) && enter && [ -w . ] || fail permission_denied "$j: ${x:-not writable}"
chmod 700 .
d=$1
started && return
clean $4 $5
d=.new-$1
x=$(mkdir $d 2>&1) || {
d=$1 t=0
while [ -d .new-$1 ] && [ $t -lt 50 ]; do nap; t=$((t+1)); done
started || fail internal "$x"
return
}
{ : >$d/open && printf '%s\n' "$6" >$d/info && cat >$d/cmd && printf '%s\n' "$RUN" >$d/run && printf '%-60s\n' "- $(date +%s)" >$d/end && printf '%-20s\n' - >$d/total; } 2>/dev/null && [ -s $d/cmd ] && [ -s $d/total ] && [ -s $d/end ] && [ -s $d/run ] && mv $d $1 || {
rm -rf $d
unwritten "$j/$1 cannot be written"
}
d=$1
[ -d $d/.new-$1 ] && { rm -rf $d/.new-$1; started; return; }
k=0
for x in j-*; do state $x; [ $s = running ] && k=$((k+1)); done
[ $k -le $3 ] || { rm -rf $d; fail too_many $((k-1)); }
case ${SHELL##*/} in sh|bash|dash|ash|zsh|ksh|ksh93|mksh|oksh|yash|busybox) ;; *) SHELL=/bin/sh;; esac
c=; command -v setsid >/dev/null 2>&1 && c=setsid
# Twice in the background: what the end of this call takes with it goes by parents, too, and the job has begun when that is answered.
if [ "$7" ]; then
( put "$i" | ( unset CALLVAR; exec $c sh $d/run $d $2 $u "$SHELL" "$c" "$w" ) >/dev/null 2>&1 & )
else
( ( unset CALLVAR; exec $c sh $d/run $d $2 $u "$SHELL" "$c" "$w" ) </dev/null >/dev/null 2>&1 & )
fi
t=0
while [ ! -s $d/pid ] && [ $t -lt 500 ]; do sleep 0.02 2>/dev/null || nap; t=$((t+1)); done
[ -s $d/pid ] || { state $d; [ $s != running ] || { rm -rf $d; unwritten "the job did not start"; }; }
state $d; bounds $d; pid $d
head_ $d $p 0 info
}
# here finds the job $1.
here() {
d=$1
enter && [ -s $d/info ] || fail not_found $1
}
# do_read ID CURSOR MAX TENTHS: the output from CURSOR on, or its newest bytes for -1; waits for some, or for the end, so long.
do_read() {
here $1
t=0
while :; do
state $d; bounds $d
[ $2 -ge 0 ] && [ $n -le $2 ] && [ $s = running ] && [ $t -lt $4 ] || break
nap; nap; t=$((t+2))
done
q=$2
[ $q -ge 0 ] || q=$((n-$3))
[ $q -ge $f ] || q=$f
[ $q -le $n ] || q=$n
# From the segments that reach beyond q, up to a gap, at most $3 bytes.
m=$3 from=$q parts=
set -- $d/out.1???????????????
while [ -e "$1" ] && [ $((q-from)) -lt $m ]; do
a=$((${1##*.}-Z))
if [ $# -gt 1 ] && [ $((${2##*.}-Z)) -le $q ]; then shift; continue; fi
if [ $a -gt $q ]; then [ $from = $q ] || break; q=$a from=$a; fi
x=$(wc -c <$1) 2>/dev/null || break
x=$((a+x))
[ $x -gt $q ] && parts="$parts $((q-a+1)):$1" q=$x
shift
done
[ $q -gt $n ] && n=$q
[ -n "$parts" ] || from=$n q=$n
[ $((q-from)) -le $m ] || q=$((from+m))
pid $d
head_ $d $p $from info
echo "J= $((q-from))"
for x in $parts; do tail -c +${x%%:*} ${x#*:}; done | head -c $((q-from))
}
# tree sets o to the processes below $1, for systems without /proc.
tree() { o=$(ps -A -o pid= -o ppid= | awk -v r=$1 '{p[$1]=$2} END{a[r];for(g=1;g;){g=0;for(i in p)if(!(i in a)&&(p[i] in a)){a[i];g=1}} for(i in a)if(i in p)printf " %s",i}'); }
# do_kill ID SIGNAL
do_kill() {
umask 077
here $1
state $d
left=
if [ $s = running ]; then
q=; { read -r q <$d/child; } 2>/dev/null
L=" " T=" " o=
case $2 in
TERM|KILL)
: 2>/dev/null >$d/killed
if [ -r /proc/self/stat ]; then
[ $2 = TERM ] || { look $1; d=$1; [ -z "$o" ] || kill -KILL $o 2>/dev/null; }
left=$(stop $1)
left=${left#"k $1"}
else
for x in TERM KILL KILL; do
[ -n "$q" ] && tree $q
[ -n "$o" ] || break
kill -$x $o 2>/dev/null
t=0; while [ $t -lt 5 ]; do nap; t=$((t+1)); done
done
left=" ?"
fi
t=0; while [ $t -lt 30 ]; do state $d; [ $s = running ] || break; nap; t=$((t+1)); done
;;
*)
if [ -r /proc/self/stat ]; then look $1; d=$1; else tree $q; fi
[ -z "$o" ] || kill -$2 $o 2>/dev/null
set -- $1 $2 $o; k=$(($#-2))
;;
esac
fi
bounds $d
head_ $d 0 ${k:-0} info
echo "J- $left"
}
# do_list
do_list() {
enter && for d in j-*; do
[ -s $d/info ] || continue
state $d; bounds $d
pid $d
head_ $d $p 0 info
done
echo "J."
}
