"""Disks that are about to break, with ext4 on them. Mounts belong to this process alone: see hide_mounts."""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import struct
import subprocess
import tempfile

from rigs.case import rig, run
from rigs.processes import wait_until
from support.mounts import unmount

PR_SET_PDEATHSIG = 1
EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
NOTHING_REACHES_THE_DISK = 2


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Ext4:
    """An ext4 on the file `device`, mounted at `mount` through a loop device that goes away with the mount."""

    OPTIONS = ("-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1,nodiscard", "-J", "size=8")

    def __init__(self, device, mount, *options):
        self.device = device
        self.mount_point = mount
        os.makedirs(mount, exist_ok=True)
        run("mkfs.ext4", *self.OPTIONS, *options, device)

    def mount(self):
        run("mount", "-o", "loop,noinit_itable", self.device, self.mount_point)

    def unmount(self):
        loop = run("findmnt", "-n", "-o", "SOURCE", self.mount_point).stdout.strip()
        unmount(self.mount_point)
        # A loop device over a dead mount vanishes late, and holds the file until then.
        wait_until(lambda: not backs(loop, self.device), timeout=20)

    def shut_down(self):
        """Cuts it off from its device at once. Freeze the writers first: an fsync under way may answer "done" meanwhile."""
        folder = os.open(self.mount_point, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NOTHING_REACHES_THE_DISK))
        finally:
            os.close(folder)


def backs(loop, device):
    try:
        with open(f"/sys/block/{os.path.basename(loop)}/loop/backing_file", encoding="utf-8") as file:
            return file.read().strip() == device
    except OSError:
        return False


class Image:
    """An ext4 in a plain file, for the shutdown and for small disks."""

    def __init__(self, mebibytes, *options):
        self.folder = tempfile.mkdtemp(prefix="sluice-image.")
        path = os.path.join(self.folder, "image")
        with open(path, "wb") as file:
            file.truncate(mebibytes << 20)
        self.ext4 = Ext4(path, os.path.join(self.folder, "mount"), *options)
        self.ext4.mount()
        self.mount_point = self.ext4.mount_point

    def cut(self, *_):
        self.ext4.shut_down()

    def restore(self):
        self.ext4.unmount()
        self.ext4.mount()

    def close(self):
        if os.path.ismount(self.mount_point):
            unmount(self.mount_point)
        shutil.rmtree(self.folder, ignore_errors=True)


class FaultDisk:
    """The FUSE disk of fault_disk.cpp with an ext4 on it."""

    def __init__(self, mebibytes=192):
        self.folder = tempfile.mkdtemp(prefix="sluice-disk.")
        self.fuse = os.path.join(self.folder, "fuse")
        os.mkdir(self.fuse)
        self.process = subprocess.Popen(
            [rig("fault_disk"), self.fuse, str(mebibytes)],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent,
        )
        wait_until(lambda: self.process.poll() is not None or os.path.exists(self.path("ctl")), timeout=10)
        if self.process.returncode is not None:
            raise RuntimeError("the FUSE disk does not start: is there a /dev/fuse?")
        self.ext4 = Ext4(self.path("disk"), os.path.join(self.folder, "mount"))
        self.ext4.mount()
        self.mount_point = self.ext4.mount_point
        os.sync()

    def path(self, name):
        return os.path.join(self.fuse, name)

    def tell(self, command):
        file = os.open(self.path("ctl"), os.O_WRONLY)
        try:
            os.write(file, command.encode())
        finally:
            os.close(file)

    def counters(self):
        with open(self.path("ctl"), encoding="utf-8") as file:
            return json.load(file)

    def cut(self, seed, percent):
        self.tell(f"cut {seed} {percent}")

    def restore(self):
        """After a cut: unmounts what is left, gives the power back, mounts again (the journal is replayed)."""
        self.ext4.unmount()
        self.tell("restore")
        self.ext4.mount()

    def copy_platter(self, path):
        """What would be left if the power went now, as an image."""
        hole = bytes(1 << 20)
        with open(self.path("platter"), "rb", buffering=0) as platter, open(path, "wb") as image:
            while block := platter.read(len(hole)):
                image.seek(len(block), os.SEEK_CUR) if block == hole else image.write(block)
            image.truncate(image.tell())

    def close(self):
        if os.path.ismount(self.mount_point):
            unmount(self.mount_point)
        run("umount", "-l", self.fuse, check=False)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
