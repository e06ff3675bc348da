# The leash: runs on the host, one per server and master. Lines in: "b ID" a call begins, "e ID" it has ended, "k ID" end its
# processes, "p N" ping. Lines out: "hi TOKEN …" once, "k ID pids that are left" or "k ID ?", "p N".
# Every program that it would start to greet is a cost of each new connection: sshd says who logged in, /proc what the system is.
# Plain POSIX sh for dash, busybox, bash, zsh, ksh and mksh. No grep -F: busybox's stops at the NULs in environ.
trap "" TERM HUP INT PIPE
R=" "
TREE
V=-
read -r c 2>/dev/null </proc/$PPID/comm
case $c in dropbear*) set -- $(PATH=$PATH:/usr/sbin:/usr/local/sbin; dropbear -V 2>&1); V=dropbear_${2#v};; esac
k=; read -r k 2>/dev/null </proc/sys/kernel/ostype
echo
echo "hi TOKEN $$ ${k:-$(uname -s)} ${LOGNAME:-$(id -un)} ${SSH_CONNECTION:-? ? ? ?} $V $SHELL"
# An id is 24 hexadecimal digits and nothing else: it becomes a pattern of grep, and who holds a restricted key may write here.
while read -r c i; do
case $c$i in p*) ;; *[!bek0-9a-f]*) continue;; ?????????????????????????) ;; *) continue;; esac
case $c in
b) R="$R$i ";;
e) case $R in *" $i "*) R="${R%% $i *} ${R#* $i }";; esac;;
k) (stop $i &);;
p) echo "p $i";;
esac
done
# The server, the master or the network is gone. What has only just been started may not be visible yet: hence the repeats.
for y in 1 2 3; do
set -- $R
[ "$1" ] || exit
stop "$@"
[ "$o" ] || sleep 1
done >/dev/null 2>&1
