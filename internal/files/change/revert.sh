# Runs on the target, detached from everything, and puts the old file back unless the change is confirmed in time.
# Arguments: directory of the pending change, file, old file beside it, seconds, 1 if there was an old file, cksum of the new content,
# temporary file, backup. Plain POSIX sh.
P=$1 F=$2 O=$3 N=$4 E=$5 C=$6 T=$7 B=$8
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
if [ "$(cksum 2>/dev/null <"$F")" = "$C" ]; then
if [ "$E" = 1 ]; then
# Should the old file beside it have gone, the backup has the content, and the file as it is the owner and the mode.
[ -e "$O" ] || { [ -r "$B" ] && cp -p "$F" "$O" && cat "$B" >"$O"; } || rm -f "$O"
if mv -f "$O" "$F" || cmp -s "$F" "$B"; then r=reverted; rm -f "$O"; else r=failed; fi
elif rm -f "$F"; then r=reverted
else r=failed
fi
# The change was never made, or somebody has taken it back.
elif { [ "$E" = 1 ] && { cmp -s "$F" "$O" || cmp -s "$F" "$B"; }; } || { [ "$E" = 0 ] && [ ! -e "$F" ] && [ ! -L "$F" ]; }; then
r=reverted
rm -f "$O"
# Somebody has written to the file since, or removed it: theirs stays, and the old one becomes the backup if it is not one yet.
else
r=changed
if [ "$E" = 0 ] || [ -e "$B" ] || cp -p "$O" "$B"; then rm -f "$O"; fi
fi
rm -f "$T"
echo $r >"$P/outcome"
sync
else
rm -f "$O" "$P/pid"
rmdir "$P/decided" "$P" 2>/dev/null
fi
