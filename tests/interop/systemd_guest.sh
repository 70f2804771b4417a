#!/bin/bash
# A machine of the test's own making: systemd as process 1 in namespaces of its own, over a throw-away layer of this
# machine's files. Nothing outside FOLDER/shared is changed, and it ends when its trial has ended.
#
# Run as: unshare --pid --fork --kill-child --mount --cgroup --uts --net --ipc bash systemd_guest.sh FOLDER PYTHON SITE REPO
set -e
folder=$1 python=$2 site=$3 repo=$4
layer=$folder/layer root=$folder/layer/root

mount --make-rprivate /
ip link set lo up
mkdir -p "$layer"
mount -t tmpfs tmpfs "$layer"
mkdir "$layer/upper" "$layer/work" "$root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$layer/upper,workdir=$layer/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/var/lib"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount --rbind /dev "$root/dev"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mkdir -p "$root/run/shared" "$root/opt/python" "$root/opt/site" "$root/opt/repo" "$root/old"
mount --bind "$folder/shared" "$root/run/shared"
mount --bind "$python" "$root/opt/python"
mount --bind "$site" "$root/opt/site"
mount --bind "$repo" "$root/opt/repo"
cd "$root"
pivot_root . old
umount -l /old
# As systemd has it on a machine of its own: the mount of a unit's credentials, made in a namespace, is seen by all.
mount --make-rshared /

# Sealgate, as installed.
export PYTHONPATH=/opt/repo:/opt/site PYTHONDONTWRITEBYTECODE=1
printf '#!/opt/python/bin/python3\nfrom gateway.commands.main import main\nmain()\n' > /usr/bin/sealgate
chmod 755 /usr/bin/sealgate
echo /opt/python/lib > /etc/ld.so.conf.d/00-trial.conf
ldconfig
rm -rf /etc/systemd/system/*.wants
cd /
sealgate install --json > /run/shared/install.json
systemd-sysusers
# What somebody could do who has taken the gateway over: another program under the very restrictions of its unit.
sed -e 's|^Type=.*|Type=oneshot|' -e 's|^WatchdogSec=.*||' -e 's|^Restart=.*||' -e 's|^ *--workshop .*||' \
  -e 's|^Requires=.*||' -e 's|^ExecStart=.*|ExecStart=/opt/python/bin/python3 /opt/repo/tests/interop/systemd_taken.py|' \
  /etc/systemd/system/sealgate.service > /etc/systemd/system/taken.service
for path in /etc/systemd/system/sealgate*.service /etc/systemd/system/taken.service; do
  unit=$(basename "$path" .service)
  mkdir -p "/etc/systemd/system/$unit.service.d"
  cat > "/etc/systemd/system/$unit.service.d/trial.conf" <<CONF
[Service]
Environment=PYTHONPATH=$PYTHONPATH PYTHONDONTWRITEBYTECODE=1
StandardOutput=append:/run/shared/$unit.log
StandardError=append:/run/shared/$unit.log
CONF
done
# A trial cannot wait half a minute for each.
printf 'WatchdogSec=3\nRestartSec=1\n' >> /etc/systemd/system/sealgate.service.d/trial.conf
printf 'WatchdogSec=3\n' >> /etc/systemd/system/sealgate-scribe.service.d/trial.conf
for unit in sealgate-verify sealgate-doctor; do
  printf 'Nice=0\nIOSchedulingClass=best-effort\n' >> "/etc/systemd/system/$unit.service.d/trial.conf"
done
install -d -o sealgate -g sealgate -m 700 /var/lib/sealgate
setpriv --reuid sealgate --regid sealgate --clear-groups sealgate init /var/lib/sealgate --json > /run/shared/day.json

printf '[Unit]\nRequires=trial.service\nAllowIsolate=yes\n' > /etc/systemd/system/trial.target
cat > /etc/systemd/system/trial.service <<'UNIT'
[Unit]
DefaultDependencies=no
SuccessAction=exit
FailureAction=exit

[Service]
Type=oneshot
TimeoutStartSec=290
ExecStart=/opt/python/bin/python3 /opt/repo/tests/interop/systemd_trial.py
StandardOutput=append:/run/shared/trial.log
StandardError=append:/run/shared/trial.log
UNIT
exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=trial \
  /lib/systemd/systemd --system --unit=trial.target --show-status=false --log-target=console --log-level=warning
