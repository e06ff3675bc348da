# Runs on the host as a session of its own: finds the terminal of another session of the same connection and says how it is set.
# Both are children of the same process of sshd; where it has several with terminals, the mark in their environment or arguments tells.
# Plain POSIX sh, as the leash.
n=0 a= f=
for d in /proc/[0-9]*; do
read -r l <$d/stat || continue
l=${l##*") "}
set -- $l
[ "$2" = "$PPID" ] && [ "$5" != 0 ] || continue
n=$((n+1)) a=$5
grep -qs "VARIABLE" $d/environ $d/cmdline && f="$f $5"
done 2>/dev/null
case $f in "") [ $n = 1 ] || a=;; " "*" "*) a=;; *) a=${f# };; esac
# proc(5): the minor device number is in bits 0 to 7 and 20 to 31, the major in 8 to 15; Linux's pseudo-terminals have 136.
[ "$a" ] && [ $((a>>8&255)) = 136 ] && t=/dev/pts/$((a&255|a>>12&0xfff00))
if [ -c "$t" ]; then
echo "TOKEN one"
stty -a <"$t" 2>/dev/null
elif [ $n -gt 1 ]; then echo "TOKEN several"
else echo "TOKEN none"
fi
echo "TOKEN end"
