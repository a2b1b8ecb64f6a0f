#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# The one recipe of the VM images:
#
#     image.sh build OUT "SUITE..." KERNEL_PACKAGE_GLOB MIRROR...
#     image.sh clean OUT
#
# `build` fills the folder OUT with root.ext4, vmlinuz, vmlinux.btf, modules/, modules.list, release
# and packages.txt; `clean` removes OUT and what a killed build left elsewhere. On stdout come lines
# "phase TEXT" and, before a failure whose cause is known, "error TEXT"; all else, on stderr, is
# the log. On SIGTERM it ends the process group it runs in, so give it one.
#
# Nothing needs root: mmdebstrap installs the packages in a user namespace, and one of its hooks
# (this file again, as `image.sh hook`) makes the file system there, where files still belong to
# the right users. The result leaves the namespace as a tar stream. It goes through a descriptor
# with a high number, like the phases: mmdebstrap needs all those that sh can name, below 10.
#
# Every change here builds all images anew.
set -eu -o pipefail
umask 022
PATH=$PATH:/usr/sbin:/sbin
export LC_ALL=C

# What BCC, the pairs and a shell need; what these pull in comes along. bpftool is the suite's own,
# since updates in a suite past its support may be gone.
packages=python3-bpfcc,bpfcc-tools,python3-pyroute2,kmod,iproute2,bpftool

# Modules for the initramfs, each after what it depends on: first what the root disk needs.
early="virtio_pci virtio_blk ext4 overlay virtio_console virtio_rng veth"

# Modules that stay in the image: no hardware but virtio's, few file systems.
kept='/kernel/(arch|block|crypto|lib|mm|net|security)/|/kernel/kernel/'
kept="$kept|/(virtio[^/]*|veth|dummy|tun|bridge|loop|rng-core|ext4|jbd2|mbcache|overlay|fuse)\\.ko"

# Room for the unpacked packages and for the results, in MB.
work_mb=1300
out_mb=700

phase()
{
	echo "phase $1" >&201
}

fail()
{
	echo "error $1" >&201
	exit 1
}

# --- inside the namespace, as its root: hook ROOT GLOB ---

# The kernels that match the glob and have headers, newest first.
kernels()
{
	apt-cache pkgnames linux- >names
	grep '^linux-image-.*-cloud-amd64$' names | sort -rV | while read -r image; do
		# shellcheck disable=SC2254 # a glob on purpose
		case $image in
		$glob) grep -x "linux-headers-${image#linux-image-}" names || : ;;
		esac
	done | sed 's/^linux-headers-//'
}

# A kernel's image, modules and headers, in as many packages as that version has them.
download_kernel()
{
	rm -f ./*.deb
	apt-cache depends --recurse --important "linux-image-$1" "linux-headers-$1" |
		grep -x "linux-[a-z]*-${1%-cloud-amd64}-[a-z0-9-]*" | grep -v -e -unsigned | sort -u |
		xargs apt-get download -q
}

# These are unpacked, not installed: what they depend on (a compiler, an initramfs generator) and
# their scripts are of no use here. Mirrors do list kernels that are gone: then the next one.
unpack_kernel()
{
	for release in $(kernels) none; do
		[ "$release" != none ] || fail "no $glob with headers on this mirror"
		download_kernel "$release" && break
	done
	for deb in ./*.deb; do
		# shellcheck disable=SC2016 # dpkg's variables
		dpkg-deb -W --showformat='${Package} ${Version}\n' "$deb" >>packages.kernel
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" --keep-directory-symlink \
			--exclude='./usr/share' --exclude='./boot/System.map*'
		rm "$deb"
	done
	find "$root/boot" "$root/lib/modules/$release" -name 'vmlinuz*' -exec mv {} out/vmlinuz \;
	echo "$release" >out/release
}

# The modules that stay are stored plain: decompressing them in the guest takes too long.
prune_modules()
{
	modules=$root/lib/modules/$release
	find "$modules/" -name '*.ko*' | grep -vE "$kept" | xargs -r rm
	find "$modules/" -name '*.ko.xz' -exec xz -d {} +
	find "$modules/" -name '*.ko.zst' -exec zstd -q -d --rm {} +
	find "$modules/" -type d -empty -delete
	chroot "$root" depmod "$release"
}

# modprobe knows what is built in, and what the others depend on.
list_modules()
{
	mkdir out/modules
	for name in $early; do
		chroot "$root" modprobe -S "$release" --show-depends "$name"
	done >depends
	sed -n 's/^insmod \([^ ]*\).*/\1/p' depends | awk '!seen[$0]++' | while read -r ko; do
		cp "$root$ko" out/modules/
		basename "$ko"
	done >out/modules.list
}

# Looks for the ELF file inside vmlinuz, packed by one kind of packer: btf_by MAGIC COMMAND...
btf_by()
{
	offsets=$(grep -abo -P "$1" out/vmlinuz | cut -d: -f1)
	shift
	for offset in $offsets; do
		# More follows than the packed part, so the command may well complain.
		tail -c "+$((offset + 1))" out/vmlinuz | "$@" >vmlinux 2>/dev/null || :
		objcopy --dump-section .BTF=out/vmlinux.btf vmlinux vmlinux.copy && return
	done
	return 1
}

# The same bytes as the guest's /sys/kernel/btf/vmlinux.
extract_btf()
{
	btf_by '\xfd7zXZ\x00' xz -dc || btf_by '\x28\xb5\x2f\xfd' zstd -dc ||
		btf_by '\x02\x21\x4c\x18' lz4 -dc ||
		fail "no BTF found in the kernel $release"
	rm vmlinux vmlinux.copy
}

# A view of the root without what is mounted below it, nor this folder.
bare_view()
{
	rm -rf "${root:?}/boot" "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*
	mkdir view
	mount --bind "$root" view
	mount -t tmpfs -o mode=1777 none view/tmp
	mount -t tmpfs -o mode=755 none view/dev
}

# Only as large as needed, since the guest mounts it read-only below a tmpfs. "none" leaves out the
# journal and whatever the oldest kernel might not know.
make_disk()
{
	# shellcheck disable=SC2016 # dpkg's variables
	chroot "$root" dpkg-query -W -f '${Package} ${Version}\n' |
		sort - packages.kernel >out/packages.txt
	bare_view
	find view -printf '%s\n' >sizes
	inodes=$(($(wc -l <sizes) + 64))
	blocks=$(awk '{ n += int(($1 + 4095) / 4096) } END { print n }' sizes)
	mke2fs -q -t ext4 -b 4096 -I 256 -N "$inodes" -m 0 -d view \
		-O none,dir_index,extent,extra_isize,filetype,large_file,sparse_super \
		out/root.ext4 "$((blocks + blocks / 50 + inodes / 16 + 1024))"
	umount -R view
}

hook()
{
	root=$1 glob=$2
	# Where apt finds the suites of the image.
	export APT_CONFIG="$MMDEBSTRAP_APT_CONFIG"
	cd "$root/tmp"
	mkdir out
	phase "adding the kernel"
	unpack_kernel
	prune_modules
	list_modules
	extract_btf
	phase "making the disk"
	make_disk
	tar -c --sparse -C out . >&202
}

# --- outside ---

# Names what is missing, and the packages that bring it.
check_tools()
{
	missing='' wanted=''
	while read -r tool package; do
		[ "${tool#/}" = "$tool" ] || [ ! -e "$tool" ] || continue
		! command -v "$tool" >/dev/null || continue
		missing="$missing ${tool##*/}" wanted="$wanted $package"
	done <<-END
		mmdebstrap mmdebstrap
		mke2fs e2fsprogs
		objcopy binutils
		xz xz-utils
		zstd zstd
		lz4 lz4
		unshare util-linux
		newuidmap uidmap
		/usr/share/keyrings/debian-archive-keyring.gpg debian-archive-keyring
	END
	[ -z "$missing" ] || fail "not found:$missing; install it: sudo apt-get install$wanted"
}

# A plain user needs a range of user numbers for the namespace; root needs to be allowed mounts.
check_rights()
{
	user=$(id -un)
	if [ "$(id -u)" -eq 0 ]; then
		unshare --mount true ||
			fail "root may not mount here; run as another user, or start the container with --cap-add SYS_ADMIN"
	elif ! grep -qE "^($user|$(id -u)):" /etc/subuid || ! grep -qE "^($user|$(id -u)):" /etc/subgid; then
		fail "no range for $user in /etc/subuid and /etc/subgid; give one:\
 sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user"
	fi
}

free_mb()
{
	df -Pm "$1" | awk 'NR == 2 { print $4 }'
}

device()
{
	df -Pm "$1" | awk 'NR == 2 { print $1, $6 }'
}

# check_space FOLDER MB VARIABLE
check_space()
{
	free=$(free_mb "$1")
	[ "$free" -ge "$2" ] ||
		fail "$1: $free MB free, $2 MB needed; free some, or let $3 name a folder elsewhere"
}

check_room()
{
	tmp=${TMPDIR:-/var/tmp}
	if [ "$(device "$out")" = "$(device "$tmp")" ]; then
		check_space "$tmp" $((work_mb + out_mb)) "TMPDIR or XDG_CACHE_HOME"
	else
		check_space "$tmp" "$work_mb" TMPDIR
		check_space "${out%/*}" "$out_mb" XDG_CACHE_HOME
	fi
}

reachable()
{
	reason=$(/usr/lib/apt/apt-helper -o Acquire::Retries=1 -o Acquire::http::Timeout=15 \
		-o Acquire::https::Timeout=15 download-file "$1" "$work/probe" 2>&1) && return
	echo "$reason" >&2
	reason=$(echo "$reason" | sed -n '/^E: /{s/^E: //;s/^Failed to fetch [^ ]* *//;p;q;}')
	unreachable="$unreachable$1: $reason; "
	return 1
}

# The sources.list lines of all suites: sources MIRROR
sources()
{
	for suite in $suites; do
		case $suite in
		*-security) echo "deb $1/debian-security $suite main" ;;
		*) echo "deb $1/debian $suite main" ;;
		esac
	done
}

# install MIRROR: the tar stream comes on stdout. Archived suites have passed their Valid-Until.
# Root gets namespaces of its own as well, so that mounts and processes end with it.
install()
{
	set -- "$1" --variant=essential --format=null --include="$packages/${suites%% *}" \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--aptopt='Acquire::Languages "none"' \
		--dpkgopt=force-unsafe-io \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/info/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--extract-hook="bash '$work/recipe' phase 'installing the base system'" \
		--essential-hook="bash '$work/recipe' phase 'installing packages'" \
		--customize-hook="bash '$work/recipe' hook \"\$1\" '$glob'"
	mirror=$1
	shift
	trap : TERM # mmdebstrap has it, too, and tidies up: wait for that
	if [ "$(id -u)" -eq 0 ]; then
		set -- unshare --mount --pid --fork --kill-child mmdebstrap --mode=root "$@"
	else
		set -- mmdebstrap --mode=unshare "$@"
	fi
	sources "$mirror" | TMPDIR=$work "$@" "${suites%% *}" - - 202>&1 >&2 && : >"$work/complete"
}

# In the background, so that a signal is heeded at once. Both ends must succeed.
build_from()
{
	phase "fetching the base system"
	install "$1" | tar -x -C "$out" --no-same-owner &
	unpacked=yes
	wait $! || unpacked=no
	wait
	[ "$unpacked" = yes ] && [ -e "$work/complete" ] && rm "$out/work"
}

remove_work()
{
	rm -rf "$work" 2>/dev/null || mmdebstrap --unshare-helper rm -rf "$work"
}

stop()
{
	trap '' TERM INT
	kill 0
	wait
	exit 1
}

build()
{
	out=$1 suites=$2 glob=$3 unreachable='' tried=''
	shift 3
	check_tools
	check_rights
	check_room
	work=$(mktemp -d "${TMPDIR:-/var/tmp}/workbook-image.XXXXXX")
	trap remove_work EXIT
	trap stop TERM INT
	echo "$work" >"$out/work"
	# The namespace's root can read neither $out nor the project, if the home folder is closed.
	chmod 755 "$work"
	cp "$0" "$work/recipe"
	for mirror in "$@"; do
		reachable "$mirror/debian/dists/${suites%% *}/InRelease" || continue
		tried=yes
		! build_from "$mirror" || return 0
	done
	[ -n "$tried" ] ||
		fail "${unreachable}check the network, or name another mirror in WORKBOOK_MIRROR"
	exit 1
}

clean()
{
	if [ -e "$1/work" ]; then
		work=$(cat "$1/work")
		remove_work
	fi
	rm -rf "$1"
}

case ${1-} in
build)
	exec 201>&1
	"$@"
	;;
hook | phase | clean) "$@" ;;
*)
	sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
