# look sets o to what belongs to the calls "$@": every process whose environment or arguments carry one of their ids, everything in sessions
# that those lead or have led, and their descendants. Zombies are left out. L remembers the leaders, T what has been found, by process id and
# start time: one that has become another user (sudo) hides its environment, and its marked parent dies first. /proc is not listed in
# the order of birth, hence the second pass. A shell would read it byte by byte; grep does not stop at what has just ended, and sed leaves id,
# state, parent, session and start time, of names with newlines as well.
look() {
a=" " f= o=
for x; do f="$f -e RELAY_CALL=$x"; done
for x in $(grep -ls $f /proc/[0-9]*/environ /proc/[0-9]*/cmdline); do x=${x#/proc/}; a="$a${x%/*} "; done
L="$L$a"
[ "$a$T" = "  " ] && return
f=$(LC_ALL=C grep -hs . /proc/[0-9]*/stat | LC_ALL=C sed -n -e :a -e 's/^\([0-9]*\) (.*) \(.\) \([0-9]*\) [0-9]* \([0-9]*\) \([-0-9]* \)\{15\}\([0-9]*\) .*/\1,\2,\3,\4,\6/p;t' -e 'N;ba')
for x in 1 2; do
b=$a o=
for l in $f; do
IFS=,
set -- $l
case $a in *" $1 "*) ;; *) case $T in *" $1/$5 "*) ;; *) case $L in *" $4 "*) ;; *) case $a in *" $3 "*) ;; *) continue;; esac;; esac;; esac; a="$a$1 ";; esac
case $T in *" $1/$5 "*) ;; *) T="$T$1/$5 ";; esac
[ $2 = Z ] || o="$o $1"
done
unset IFS
[ "$a" = "$b" ] && break
done
}
# now sets t to a clock in hundredths of a second. A leading zero would make an octal number.
now() {
l=; read -r l p </proc/uptime
case $l in *.*) t=${l%.*}${l#*.} t=${t#0} t=${t#0};; *) t=$((${t:-0}+10));; esac
} 2>/dev/null
# stop ends the calls "$@": TERM and CONT, after 0.4 s KILL, looking again until nothing is left or 1.5 s have passed.
stop() {
[ -r /proc/self/stat ] || { echo "k $1 ?"; return; }
n=0 L=" " T=" "
now; s=$t
while look "$@"; now; [ "$o" ] && { [ $n -lt 3 ] || [ $((t-s)) -lt 150 ]; }; do
if [ $n = 0 ]; then kill -TERM $o; kill -CONT $o; elif [ $((t-s)) -ge 40 ]; then kill -KILL $o; n=$((n+1)); fi 2>/dev/null
[ $n = 0 ] && n=1
sleep 0.1 2>/dev/null || sleep 1
done
echo "k $1$o"
}
