package redact

// secretTemplates are texts with one secret each; macros are those of maker.fill. ⏎ is a newline, ⇥ a tab, ␛ an escape.
const secretTemplates = `
AKIA{b32:16}
aws_access_key_id=AKIA{{b32:16}}
aws_secret_access_key = {b64:40}
AWS_SECRET_ACCESS_KEY="{b64:40}" terraform apply
"SecretAccessKey": "{b64:40}",
ACCESSKEY⇥AKIA{b32:16}⇥Active⇥{{b64:40}}⇥2024-01-01
export AWS_SESSION_TOKEN={b64:300}
token ghp_{b62:36} in text
GITHUB_TOKEN=ghu_{b62:36}
https://ghp_{b62:36}@github.com/a/b.git
git clone https://oauth2:glpat-{{url:20}}@gitlab.example/a.git
curl -H "JOB-TOKEN: glcbt-64_{{url:20}}" https://x
slack xoxb-{num:12}-{num:12}-{{b62:24}} bot
xoxp-{num:11}-{num:11}-{num:12}-{{hex:32}}
curl -X POST https://hooks.slack.com/services/T{cap:8}/B{cap:8}/{{b62:24}}
curl https://discord.com/api/webhooks/{num:18}/{{url:68}}
stripe: rk_live_{b62:24}
sk_test_{b62:24}
whsec_{b62:32}
GOOGLE_API_KEY=AIza{url:35}
curl "https://maps.example/api?key=AIza{url:35}&q=x"
client_secret: GOCSPX-{url:28}
export OPENAI_API_KEY=sk-proj-{url:100}
sk-{b62:48}
ANTHROPIC_API_KEY=sk-ant-api03-{url:93}AA
HF_TOKEN=hf_{b62:34}
gsk_{b62:52}
r8_{b62:37}
//registry.npmjs.org/:_authToken=npm_{b62:36}
//npm.example/:_authToken={uuid}
_auth={b64:32}
npm config set //registry.npmjs.org/:_authToken npm_{b62:36}
password = pypi-AgEIcHlwaS5vcmc{url:120}
docker login -u me -p dckr_pat_{url:27}
VAULT_TOKEN=hvs.{url:90}
X-Vault-Token: hvb.{url:100}
doctl auth init -t dop_v1_{hex:64}
SG.{url:22}.{{url:43}}
twilio SK{hex:32}
mailgun key-{hex:32}
{hex:32}-us12
NRAK-{cap:27}
glsa_{b62:32}_{hex:8}
lin_api_{b62:40}
figd_{url:40}
PMAK-{hex:24}-{{hex:34}}
shpss_{hex:32}
tailscale up --authkey tskey-auth-{b62:17}-{{b62:32}}
sntryu_{hex:64}
dapi{hex:32}
TELEGRAM={num:10}:AA{{url:33}}
https://api.telegram.org/bot{num:10}:AA{{url:33}}/sendMessage
azure: {b62:3}8Q~{{b62:34}}
AZURE_CLIENT_SECRET={b62:3}8Q~{b62:34}
https://x.blob.core.windows.net/c?sv=2020-08-04&sig={b62:43}%3D&se=2024
Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={b64:43}=
DefaultEndpointsProtocol=https;AccountName=a;AccountKey={b64:86}==;EndpointSuffix=core.windows.net
HRKU-{uuid}
pscale_pw_{url:43}
sbp_{hex:40}
ntn_{num:11}{b62:35}
rubygems_{hex:48}
ATATT3xFfGF0{url:180}={hex:8}
pat-na1-{uuid}
xkeysib-{hex:64}-{b62:16}
docker swarm join --token SWMTKN-1-{low:49}-{{low:25}} 10.0.0.1:2377
kubeadm join 10.0.0.1:6443 --token {low:6}.{{low:16}} --discovery-token-ca-cert-hash sha256:0a1b
eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{b62:20}.{{url:43}}
AGE-SECRET-KEY-1{cap:58}
-----BEGIN RSA PRIVATE KEY-----⏎{pem}⏎-----END RSA PRIVATE KEY-----
-----BEGIN DSA PRIVATE KEY-----␍⏎{pem}␍⏎-----END DSA PRIVATE KEY-----
-----BEGIN PRIVATE KEY-----⏎{pem}
-----BEGIN RSA PRIVATE KEY-----⏎Proc-Type: 4,ENCRYPTED⏎DEK-Info: AES-128-CBC,{hex:32}⏎⏎{{pem}}⏎-----END RSA PRIVATE KEY-----
-----BEGIN PGP PRIVATE KEY BLOCK-----⏎Version: GnuPG v2⏎⏎{pem}⏎={b64:4}⏎-----END PGP PRIVATE KEY BLOCK-----
{"private_key": "-----BEGIN PRIVATE KEY-----\n{jpem}\n-----END PRIVATE KEY-----\n", "client_email": "a@b"}
PRIVATE_KEY="-----BEGIN PRIVATE KEY-----\n{jpem}\n-----END PRIVATE KEY-----"
PuTTY-User-Key-File-2: ssh-rsa⏎Encryption: none⏎Private-Lines: 5⏎{pem}⏎Private-MAC: {hex:40}
[Peer]⏎PresharedKey = {b64:43}=
PrivateKey={b64:43}=
mysql -uroot -p{p} shop
mysql --user=root --password={p} -h db1
mysql --password='{p}' -e 'select 1'
mysql -h db -u app -p {p} shop
MYSQL_PWD={p} mysql
mysqladmin -u root password '{p}'
mariadb-dump -u root -p"{p}" --all-databases
sudo docker exec -i db mysql -uroot -p{p} -e "show tables"
ssh web1 'mysql -p{p} -e "select 1"'
bash -c "mysql -p{p}"
ssh web1 "cd /srv && mysql -u root -p'{p}' shop < dump.sql"
redis-cli -h c1 -a {p} ping
redis-cli --pass {p} ping
redis-cli AUTH {p}
redis-cli config set requirepass {p}
psql "host=db user=app password={p} dbname=x"
psql postgres://app:{p}@db/app
PGPASSWORD="{p}" pg_dump app
mongo -u a -p '{p}' admin
mongodump --username a --password {p}
cqlsh -u cassandra -p {p} db1
sqlcmd -S db -U sa -P '{p}'
sqlplus system/{p}@//db:1521/XE
sqlplus -s "scott/{p}@orcl" @x.sql
ldapsearch -x -D cn=admin -w {p} -b dc=x
ldapsearch -x -D cn=admin -w{p}
smbclient //srv/share -U 'dom\user%{p}'
smbclient //srv/share -U user%{p} -c ls
mount -t cifs //srv/x /mnt -o username=u,password={p},vers=3.0
7z x -p{p} a.7z
7z a -p'{p}' -mhe=on a.7z dir
zip -r -P {p} a.zip dir
unrar x -p{p} a.rar
ipmitool -I lanplus -H bmc -U ADMIN -P {p} power status
htpasswd -bc /etc/nginx/.htpasswd ops {p}
gpg --batch --passphrase {p} -d f.gpg
gpg --passphrase="{p}" -c f
openssl rsa -in k.pem -passin pass:{p}
openssl pkcs12 -export -out a.p12 -passout "pass:{p}"
openssl passwd -6 {p}
ssh-keygen -t ed25519 -N '{p}' -f k
ssh-keygen -p -P {p} -N "" -f k
useradd -m -p '$6${b62:16}${{b62:86}}' bob
az login -u a@b -p {p}
az acr login -n reg -u a -p {p}
rdesktop -u a -p {p} win1
xfreerdp /v:win1 /u:a /p:'{p}'
sshpass -p '{p}' ssh -p 2222 root@h
sshpass -p"{p}" scp a h:
curl -u admin:{p} https://x
curl -su admin:{p} https://x
curl -sSLu 'admin:{p}' https://x
curl -uadmin:{p} https://x
curl --proxy-user u:{p} https://x
curl -H "X-Api-Key: {b62:32}" https://x
curl -H 'Authorization: Bearer {b62:40}' https://x && echo done
curl -H "Authorization: Basic {b64:24}" https://x
curl -H "Authorization: token {hex:40}" https://x
curl -b "session={hex:32}" https://x
curl -d '{"user":"a","password":"{p}"}' https://x
curl -d 'grant_type=password&username=a&password={p}' https://x
curl --data-urlencode "password={p}" https://x
curl https://user:{p}@host/path
wget --user=a --password={p} https://x
wget --ftp-password='{p}' ftp://x
http -a admin:{p} https://x
docker login -u a --password {p} reg.example
docker login -u a --password={p} reg.example
helm registry login -u a -p {p} reg.example
skopeo copy --src-creds a:{p} docker://x dir:y
docker run -d -e MYSQL_ROOT_PASSWORD={p} mysql:8
docker run --env "POSTGRES_PASSWORD={p}" postgres
docker service create --env DB_PASS={p} x
kubectl create secret generic db --from-literal=password={p}
kubectl create secret generic db --from-literal=username=a --from-literal='conn={p}'
kubectl create secret docker-registry r --docker-username=a --docker-password={p}
kubectl config set-credentials a --username=a --password={p}
oc login -u a -p {p} https://api
oc login --token=sha256~{url:43}
vault login {b62:24}
vault kv put secret/db password={p}
vault operator unseal {b64:44}
helm upgrade x . --set auth.password={p}
helm install x . --set "auth.rootPassword={p}"
terraform apply -var db_password={p}
terraform apply -var 'db_password={p}'
ansible-playbook x.yml -e "ansible_become_pass={p}"
ansible all -m ping -e ansible_password='{p}'
echo {p} | sudo -S ls
echo '{p}' | sudo -S -p '' ls
printf '%s\n' '{p}' | sudo -S ls
printf "{p}\n" | sudo -S ls
echo "root:{p}" | chpasswd
echo "root:{p}" | sudo chpasswd
printf 'root:%s' "{p}" | chpasswd
echo "{p}" | passwd --stdin bob
echo -e "{p}\n{p}" | passwd bob
(echo '{p}'; echo '{p}') | smbpasswd -s -a bob
echo -n {p} | docker login -u a --password-stdin reg
echo {p} | cryptsetup luksOpen /dev/sda1 x
echo -n '{p}' | gpg --batch --passphrase-fd 0 -d f.gpg
echo {p} | kinit admin
echo {p} | gh auth login --with-token
chpasswd <<< "bob:{p}"
sudo -S ls <<< "{p}"
chpasswd <<EOF⏎bob:{p}⏎EOF
cat <<EOF | chpasswd⏎bob:{p}⏎EOF
sudo -S apt-get update <<'X'⏎{p}⏎X
usermod --password {p} bob
rabbitmqctl add_user app {p}
rabbitmqctl change_password app {p}
nmcli dev wifi connect Office password {p} ifname wlan0
nmcli con modify w wifi-sec.psk {p}
wpa_passphrase Office {p}
snmpget -v3 -u ops -l authPriv -a SHA -A {p} -x AES -X {{p}} h 1.3
snmpwalk -v2c -c {p} h
net use Z: \\srv\x {p} /user:dom\u
net user bob {p} /add
cmdkey /add:srv /user:u /pass:{p}
psexec \\srv -u a -p {p} cmd
winexe -U 'dom/user%{p}' //h cmd
evil-winrm -i h -u a -p '{p}'
plink -pw {p} h
lftp -u user,{p} ftp://h
mosquitto_pub -h h -u a -P {p} -t x -m y
svn co --username a --password {p} https://h
keytool -list -keystore k -storepass {p}
keytool -importkeystore -deststorepass {p} -destkeystore k
jarsigner -storepass '{p}' -keypass x a.jar k
pdftk a.pdf input_pw {p} output b.pdf
steghide extract -sf a.jpg -p {p}
mc alias set m https://h {cap:20} {{b62:40}}
aws configure set aws_secret_access_key {b64:40}
s3cmd --secret_key={b64:40} ls
composer config http-basic.repo.x user {b62:30}
twine upload -u a -p {p} dist/*
ngrok config add-authtoken {b62:49}
java -Dspring.datasource.password={p} -jar a.jar
mvn -Dsonar.login={hex:40} -Ddb.password={{p}} verify
gradle publish -PsigningPassword={p}
setx DB_PASSWORD {p}
setenv API_TOKEN {b62:32}
set DB_PASSWORD={p}
$env:DB_PASSWORD = "{p}"
set -x API_TOKEN {b62:32}
ConvertTo-SecureString "{p}" -AsPlainText -Force
ConvertTo-SecureString -String '{p}' -AsPlainText
New-Object System.Net.NetworkCredential("u", "{p}")
ENV DB_PASSWORD={p}
ENV DB_PASSWORD {p}
Environment="DB_PASSWORD={p}"
DB_PASSWORD={p}
DB_PASSWORD="{words}"
DB_PASSWORD='{p}' ./run
export SECRET_KEY={b62:50}
SMTP_PASS={p}
passphrase={p}
BORG_PASSPHRASE='{words}' borg list
RESTIC_PASSWORD={p} restic snapshots
password={p}
password = {p}
password: {p}
password: "{p}"
password: '{words}'
  password: {p}
db_password: {p}  # prod
"password": "{p}"
{"password": "{words}", "host": "db"}
{"user":"a","passwd":"{p}","host":"b"}
{"auth":{"username":"a","password":"{p}"}}
{\"password\":\"{p}\",\"x\":1}
{'password': '{p}', 'x': 1}
"api_key": "{b62:32}",
apiKey: '{b62:32}',
client_secret={b62:40}
"clientSecret":"{b62:40}"
refresh_token={b62:60}
"access_token":"{b62:60}"
secret: {b62:32}
secret_key = "{b62:32}"
SECRET_KEY = 'django-insecure-{b62:50}'
'password' => '{p}',
define('DB_PASSWORD', '{p}');
define( 'AUTH_KEY', '{b62:64}' );
$password = '{p}';
String password = "{p}";
var password = "{p}"
const apiKey = "{b62:32}";
passwd="{p}"
<password>{p}</password>
<Password>{p}</Password>
<add key="Password" value="{p}" />
<property name="password" value="{p}"/>
<user username="a" password="{p}" roles="x"/>
{"name":"DB_PASSWORD","value":"{p}"}
- name: DB_PASSWORD⏎  value: {p}
"Name": "DB_PASSWORD",⏎"Value": "{p}"
password: |⏎  {p}⏎user: x
password: >-⏎    {words}⏎user: x
["redis-server","--requirepass","{p}"]
["mysql","-u","root","-p{p}","shop"]
["sshpass", "-p", "{p}", "ssh", "h"]
"--requirepass",⏎"{p}"
- --requirepass⏎- {p}
Server=db;Database=x;User Id=sa;Password={p};Encrypt=true
Data Source=db;User ID=a;Pwd={p};
jdbc:mysql://db/x?user=a&password={p}
jdbc:oracle:thin:scott/{p}@db:1521:x
amqp://a:{p}@mq/
redis://default:{p}@c:6379
rediss://:{p}@c:6379/1
mongodb+srv://a:{p}@c.example.net/x?retryWrites=true
postgresql+psycopg2://a:{p}@db/x
smtp://a%40b:{p}@mail:587
ftp://a:{p}@h/x
https://x:{b62:40}@h/x.git
DATABASE_URL=postgres://a:{p}@db:5432/x
export HTTPS_PROXY=http://u:{p}@proxy:3128
machine h login a password {p}
machine h⏎login a⏎password {p}
  login a⏎  password {p}
db:5432:*:app:{p}
*:*:*:app:{p}
root:$6${b62:16}${{b62:86}}:19000:0:99999:7:::
bob:$y$j9T${b62:22}${{b62:43}}:19000:0:99999:7:::
a:$apr1${b62:8}${{b62:22}}
a:$2y$05${b62:53}
a:{SHA}{b64:27}=
userPassword: {SSHA}{b64:32}
pbkdf2_sha256$600000${b62:22}${b64:43}=
$argon2id$v=19$m=65536,t=3,p=4${b64:22}${{b64:43}}
Authorization: Bearer {b62:40}
authorization: Basic {b64:32}
Authorization: {b62:40}
"Authorization": "Bearer {b62:40}"
headers = {"Authorization": "Bearer {b62:40}", "x": "y"}
~Authorization: Digest username="a", realm="x", nonce="y", uri="/", response="{hex:32}"
~Authorization: AWS4-HMAC-SHA256 Credential=AKIA{b32:16}/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature={{hex:64}}
Proxy-Authorization: Basic {b64:32}
X-Auth-Token: {hex:32}
X-API-Key: {b62:32}
PRIVATE-TOKEN: {b62:20}
X-Amz-Security-Token: {b64:200}
Ocp-Apim-Subscription-Key: {hex:32}
Cookie: sessionid={hex:32}; theme=dark
Cookie: theme=dark; JSESSIONID={HEX:32}
Set-Cookie: PHPSESSID={low:26}; path=/; HttpOnly
Bearer {b62:40}
https://x/cb?access_token={b62:40}
https://x/?api_key={b62:32}&q=1
https://x/reset?token={hex:40}
https://x/?X-Amz-Credential=a&X-Amz-Signature={hex:64}
https://s3.x/b?AWSAccessKeyId=AKIA{b32:16}&Signature={{b62:27}}%3D&Expires=1
otpauth://totp/x?secret={b32:32}
CREATE USER 'a'@'%' IDENTIFIED BY '{p}';
ALTER USER a IDENTIFIED BY "{p}";
ALTER ROLE a WITH LOGIN PASSWORD '{p}';
GRANT ALL ON *.* TO 'a'@'%' IDENTIFIED BY '{p}';
SET PASSWORD FOR 'a'@'%' = PASSWORD('{p}');
mysql -e "ALTER USER 'a' IDENTIFIED BY '{p}'"
CREATE LOGIN a WITH PASSWORD = '{p}';
requirepass {p}
masterauth {p}
bindpw {p}
psk="{p}"
wpa_passphrase={p}
enable secret 5 $1${b62:4}${{b62:22}}
username a password 7 {HEX:22}
[smtp.x]:587 user:{p}
A temporary password is generated for root@localhost: {p}
Your password is {p}
Initial password: {p}
root password was set to {p}
Generated password: {p}
db.auth("a", "{p}")
server.login("a", "{p}")
requests.get(u, auth=("a", "{p}"))
new PDO($dsn, 'a', '{p}')
mysqli_connect("h", "a", "{p}")
expect "assword:"⏎send "{p}\r"
expect "*assword*" { send "{p}\r" }
child.expect('password:'); child.sendline('{p}')
pass␛[01;31m␛[Kword␛[m␛[K={p}
client-key-data: LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ{b64:200}
{"auths":{"r":{"auth":"YWRtaW46{b62:20}"}}}
$ sudo mysql -p{p}
+ mysql -u root -p{p} -e 'select 1'
ExecStart=/usr/bin/mysqld_exporter --password={p}
*/5 * * * * curl -s -u a:{p} https://x >/dev/null
`

// ordinaryTemplates are texts that look like secrets and are none.
const ordinaryTemplates = `
OLDPWD=/root
PWD=/srv/app
bearer of news
the bearer of this letter
ssh -p22 web1
ssh -p 22 -i ~/.ssh/id_rsa web1
nmap -p1-1000 host
java -proxy x
rsync -e 'ssh -p 2222' a b:
commit {hex:40}
{hex:40} refs/heads/main
{hex:64}  file.tar.gz
sha256:{hex:64}
uuid {uuid}
"id": "{uuid}",
request_id={uuid}
X-Request-Id: {uuid}
traceparent: 00-{hex:32}-{hex:16}-01
ETag: W/"{hex:32}"
SHA256:{b64:43}
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{b64:43} a@b
PublicKey = {b64:43}=
integrity: sha512-{b64:86}==
data:image/png;base64,{b64:200}
{b64:76}
password: $DB_PASSWORD
password: "$DB_PASSWORD"
password=${DB_PASSWORD:-}
PGPASSWORD=$PGPASSWORD psql
mysql -p"$MYSQL_PWD"
mysql -p$MYSQL_PWD shop
curl -u $USER:$TOKEN https://x
curl -H "Authorization: Bearer ${TOKEN}" https://x
curl -H "Authorization: token $(cat t)" https://x
echo $PASS | sudo -S ls
echo "$PASS" | docker login -u a --password-stdin
docker login -u a --password-stdin < token.txt
cat token.txt | docker login -u a --password-stdin
--password-file /run/secrets/x
--password-file=/run/secrets/x
--passphrase-file x
mysql --password --host db1
mysql -u root -p shop
mysql -u root -p -h db1 shop
mongosh -u a -p --host x
token_type: bearer
max_tokens: 4096
"max_tokens": 4096,
"usage": {"prompt_tokens": 12, "completion_tokens": 345, "total_tokens": 357}
nextToken: null
primary_key: id
"key": "value"
sort_key = name
public_key: {b64:40}
key_id: {uuid}
secret_name: my-app
secretName: my-tls
secretKeyRef: {name: db, key: password}
passwd: files systemd
password_hash_algorithm: bcrypt
PasswordAuthentication yes
PermitEmptyPasswords no
password required pam_unix.so
password [success=1 default=ignore] pam_unix.so obscure
auth required pam_env.so
Password: 
Enter password: 
[sudo] password for root: 
root@h's password: 
Password for user app: 
Enter passphrase for key '/root/.ssh/id_rsa': 
New password: ⏎Retype new password: ⏎passwd: password updated successfully
passwd: password expiry information changed.
Password must be at least 8 characters
password is required
invalid password
error: password authentication failed for user "app"
ERROR 1045 (28000): Access denied for user 'root'@'localhost' (using password: YES)
Permission denied (publickey,password).
Failed password for invalid user admin from 10.0.0.1 port 22 ssh2
pam_unix(sshd:auth): authentication failure; logname= uid=0
token expired
token: invalid
Error: token is expired
password = getpass.getpass()
password = os.environ["DB_PASSWORD"]
password = request.form['password']
password := os.Getenv("X")
token := r.Header.Get("X-Token")
const token = await getToken();
this.password = password;
if password == "": 
password: String,
password: str = None
def login(self, password=None):
func f(password string) error {
char *token = strtok(s, " ");
<input type="password" name="password">
<label for="password">Password</label>
<password></password>
password: <password>
password: [REDACTED]
password: ********
"password": "",
"password": null,
"password": "***"
API_KEY=your-api-key-here
API_KEY=<your key>
API_KEY=xxxxxxxx
password=changeme
token: {{ .Values.token }}
token: ${{ secrets.GITHUB_TOKEN }}
password: !vault |
password: "{{ vault_password }}"
password: ENC[AES256_GCM,data:x]
https://github.com/a/b.git
git@github.com:a/b.git
ssh://git@github.com/a/b
https://host:8080/path@v1
postgres://db:5432/x
http://user@host/
https://registry.npmjs.org/@scope/pkg/-/pkg-1.0.0.tgz
npm:string-width@4.2.0
image: nginx:1.25@sha256:{hex:64}
node:20-alpine
file.go:12:5: undefined: x
10.0.0.1:5432 up
listening on 0.0.0.0:5432
aa:bb:cc:dd:ee:ff
2024-01-01T12:30:45Z level=info msg="token refreshed" user=a
level=info msg="password changed" user=bob
GET /login?next=/home HTTP/1.1
PASS: TestX (0.00s)
--- PASS: TestLogin/with_password (0.01s)
ok  	pkg/auth	0.123s
tests: pass=12 fail=0
cp secret.txt /backup/
cat /etc/passwd
grep -r password .
chmod 600 ~/.ssh/id_rsa
ls -la /run/secrets
kubectl get secret db -o yaml
kubectl get secrets
vault kv get secret/db
vault status
pass show mail
gpg --list-secret-keys
ssh-keygen -t ed25519 -f k -N ''
ssh-keygen -lf k.pub
openssl x509 -in c.pem -noout -fingerprint
openssl s_client -connect h:443
openssl req -new -key k.pem -keyout x.pem
docker run -p 8080:80 nginx
docker run -it --rm -p 3306:3306 mysql
docker exec -it mysql bash -p x
docker ps -a
podman run -p 80:80 x
tar -xpf a.tar
mkdir -p a/b
cp -p a b
useradd -m -s /bin/bash bob
curl -o out -L https://x
curl -X POST -d @body.json https://x
wget -p https://x
unzip -p a.zip f
zip -r a.zip d
7z x a.7z
redis-cli -h c1 -p 6379 ping
mongosh --port 27017
psql -U app -d x -p 5432
mysql -P 3306 -h db
htpasswd -c f user
net use
net user
net start x
sqlplus / as sysdba
sqlplus /nolog @x.sql
nmcli con show
snmpwalk -v2c -c public h
git config user.name x
aws s3 ls --profile prod
aws configure set region eu-west-1
helm upgrade x . --set image.tag=v1
terraform plan -var region=eu
echo hello | sudo tee /etc/x
echo hello | grep h
echo 'deb http://x stable main' | sudo tee /etc/apt/sources.list
printf '%s\n' a b | sort
sudo systemctl restart x
set -euo pipefail
export PATH=$PATH:/x
LC_ALL=C sort
keyboard: us
monkey=banana
passenger=bob
compass: north
bypass=true
tokenizer: gpt2
secretary: Jane
authors: Jane
authority: x
author=jane
cookie policy accepted
Cookie: theme=dark; lang=en
Set-Cookie: lang=en; Path=/
Authorization: 
WWW-Authenticate: Bearer realm="x"
WWW-Authenticate: Basic realm="Restricted"
Sec-WebSocket-Key: {b64:22}==
Idempotency-Key: {uuid}
session_id: sh-{hex:12}
session_id=sh-{hex:12}
job_id: {cap:26}
"cursor": {num:6},
basic usage
basic authentication
A basic example of use
pk_live_{b62:24}
pk_test_{b62:24}
AKIAIOSFODNN7EXAMPLE
wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
sk-xxxxxxxxxxxxxxxxxxxxxxxx
-----BEGIN CERTIFICATE-----⏎{pem}⏎-----END CERTIFICATE-----
-----BEGIN PUBLIC KEY-----⏎{pem}⏎-----END PUBLIC KEY-----
-----BEGIN PRIVATE KEY-----⏎...⏎-----END PRIVATE KEY-----
certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t{b64:100}
root:x:0:0:root:/root:/bin/bash
root:*:19000:0:99999:7:::
daemon:!:19000::::::
wheel:x:10:bob
id_ed25519.pub
md5sum: {hex:32}
Digest: sha256:{hex:64}
BuildID[sha1]={hex:40}
serial={HEX:16}
-rw------- 1 root root 1679 Jan  1 00:00 private.key
Loaded: loaded (/lib/systemd/system/systemd-ask-password-wall.path; static)
systemd-ask-password-console.service loaded active
sshpass -e ssh h
sshpass -f f ssh h
send "hello\r"
auth: basic
key=value
keys: [a, b]
MAC: {hex:32}
/var/lib/docker/overlay2/{hex:64}/merged
/nix/store/{low:32}-pass-1.7
rotate the API key every 90 days
the password for this account is stored in the vault
see the secret management guide
pass the token to the function
a secret 5 people know
key 7 of 10
`
