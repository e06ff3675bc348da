# look sets o to what belongs to call $1: every process whose environment or arguments carry its id, everything in sessions that
# those lead or have led, and their descendants. Zombies are left out. L remembers the leaders, T what has been found, by process id and
# start time: one that has become another user (sudo) hides its environment, and its marked parent dies first. /proc is not listed in
# the order of birth, hence the second pass.
look() {
a=" "
for f in $(grep -ls "RELAY_CALL=$1" /proc/[0-9]*/environ /proc/[0-9]*/cmdline); do f=${f#/proc/}; a="$a${f%/*} "; done
L="$L$a" o=
[ "$a$T" = "  " ] && return
for x in 1 2; do
b=$a o=
for d in /proc/[0-9]*; do
read -r l <$d/stat || continue
p=${d#/proc/} l=${l##*") "}
set -- $l
case $a in *" $p "*) ;; *) case $T in *" $p/${20} "*) ;; *) case $L in *" $4 "*) ;; *) case $a in *" $2 "*) ;; *) continue;; esac;; esac;; esac; a="$a$p ";; esac
case $T in *" $p/${20} "*) ;; *) T="$T$p/${20} ";; esac
[ "$1" = Z ] || o="$o $p"
done
[ "$a" = "$b" ] && break
done 2>/dev/null
}
# now sets t to a clock in hundredths of a second. A leading zero would make an octal number.
now() {
l=; read -r l p </proc/uptime
case $l in *.*) t=${l%.*}${l#*.} t=${t#0} t=${t#0};; *) t=$((${t:-0}+10));; esac
} 2>/dev/null
# stop ends call $1: TERM and CONT, after 0.4 s KILL, looking again until nothing is left or 1.5 s have passed.
stop() {
[ -r /proc/self/stat ] || { echo "k $1 ?"; return; }
n=0 L=" " T=" "
now; s=$t
while look $1; now; [ "$o" ] && { [ $n -lt 3 ] || [ $((t-s)) -lt 150 ]; }; do
if [ $n = 0 ]; then kill -TERM $o; kill -CONT $o; elif [ $((t-s)) -ge 40 ]; then kill -KILL $o; n=$((n+1)); fi 2>/dev/null
[ $n = 0 ] && n=1
sleep 0.1 2>/dev/null || sleep 1
done
echo "k $1$o"
}
