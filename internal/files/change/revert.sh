# Runs on the target, detached from everything, and puts the old file back unless the change is confirmed in time.
# Arguments: directory of the pending change, file, old file beside it, seconds, 1 if there was an old file, where to keep what somebody
# else made of the file meanwhile, cksum of the new content, temporary file, backup. Plain POSIX sh.
P=$1 F=$2 O=$3 N=$4 E=$5 S=$6 C=$7 T=$8 B=$9
trap "" HUP INT
# At shutdown nobody will confirm any more.
trap "N=0" TERM
cd /
umask 077
echo $$ >"$P/pid.new" && mv "$P/pid.new" "$P/pid" || exit
t=0
while [ $t -lt $N ]; do
[ -d "$P/decided" ] && break
# Whoever removed all of it wants nothing back.
[ -e "$O" ] || [ -e "$B" ] || [ -d "$P" ] || exit
s=$((N-t))
[ $s -gt 2 ] && s=2
sleep $s
t=$((t+s))
done
# Who makes the directory decides. Where it cannot be made and is not there either, the old file is the safe choice.
if mkdir "$P/decided" 2>/dev/null || [ ! -d "$P/decided" ]; then
[ "$(cksum <"$F" 2>/dev/null)" = "$C" ] || cp -p "$F" "$S" 2>/dev/null
if [ "$E" = 1 ]; then
# Should the old file beside it have gone, the backup has the content, and the file as it is the owner and the mode.
[ -e "$O" ] || { [ -r "$B" ] && cp -p "$F" "$O" && cat "$B" >"$O"; } || rm -f "$O"
if mv -f "$O" "$F" || cmp -s "$F" "$B"; then r=reverted; rm -f "$O"; else r=failed; fi
elif rm -f "$F"; then r=reverted
else r=failed
fi
rm -f "$T"
echo $r >"$P/outcome"
sync
else
rm -f "$O" "$P/pid"
rmdir "$P/decided" "$P" 2>/dev/null
fi
