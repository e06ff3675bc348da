# The leash: runs on the host, one per server and master. Lines in: "b ID" a call begins, "e ID" it has ended, "k ID" end its
# processes, "p N" ping. Lines out: "hi TOKEN …" once, "k ID pids that are left" or "k ID ?", "p N".
# Plain POSIX sh for dash, busybox, bash, zsh, ksh and mksh. No grep -F: busybox's stops at the NULs in environ.
trap "" TERM HUP INT PIPE
R=" "
# pids prints what belongs to call $1: every process whose environment or arguments carry its id, everything in sessions that
# those lead, and their descendants. Zombies are left out.
pids() {
m=" "
for f in $(grep -ls "RELAY_CALL=$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline); do f=${f#/proc/}; m="$m${f%/*} "; done
[ "$m" = " " ] && return
a=$m o=
for d in /proc/[0-9]*; do
read -r l <$d/stat || continue
p=${d#/proc/} l=${l##*") "}
set -- $l
case $a in *" $p "*) ;; *) case $m in *" $4 "*) ;; *) case $a in *" $2 "*) ;; *) continue;; esac;; esac; a="$a$p ";; esac
[ "$1" = Z ] || o="$o $p"
done 2>/dev/null
echo $o
}
# stop ends call $1: TERM and CONT, from half a second on KILL, rescanned until nothing is left or the tries are used up.
stop() {
[ -r /proc/self/stat ] || { echo "k $1 ?"; return; }
n=0
while p=$(pids $1); [ "$p" ] && [ $n -lt 14 ]; do
if [ $n -ge 5 ]; then kill -KILL $p; elif [ $n = 0 ]; then kill -TERM $p; kill -CONT $p; fi 2>/dev/null
n=$((n+1)); sleep 0.1 2>/dev/null || sleep 1
done
echo "k $1 $p"
}
echo
echo "hi TOKEN $$ $(uname -s) $(id -un) ${SSH_CONNECTION:-? ? ? ?} $SHELL"
while read -r c i; do
case $c in
b) R="$R$i ";;
e) case $R in *" $i "*) R="${R%% $i *} ${R#* $i }";; esac;;
k) (stop $i &);;
p) echo "p $i";;
esac
done
# The server, the master or the network is gone. What has only just been started may not be visible yet: hence the repeats.
for x in 1 2 3; do
set -- $R
[ "$1" ] || exit
for i; do stop $i & done
wait
sleep 1
done >/dev/null 2>&1
