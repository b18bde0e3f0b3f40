# SPDX-License-Identifier: Apache-2.0
"""A virtual machine that boots, runs one script of busybox, and ends.

It has a kernel with file systems and features that the machine it runs on may
lack. Nothing of it is installed: programs and their libraries are copied.
"""

import os
import shutil
import subprocess

KERNELS = os.environ.get("ASSAYFS_VM_KERNELS", "/")
PATIENCE = 300  # seconds; without KVM it boots in fifteen
START = """#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /run
for module in $(cat /modules); do insmod /lib/modules/$module; done
echo  # after what the firmware wrote
/script 2>&1
echo "exit $?"
poweroff -f
"""


def kernel():
    """Returns a kernel and its folder of modules, or None."""
    modules = os.path.join(KERNELS, "lib/modules")
    for version in sorted(os.listdir(modules), reverse=True) if os.path.isdir(
            modules) else ():
        image = os.path.join(KERNELS, "boot/vmlinuz-" + version)
        folder = os.path.join(modules, version)
        if os.path.exists(image) and os.path.isdir(folder + "/kernel"):
            return image, folder
    return None


def needs():
    """Returns why no machine can be started here, or None."""
    for program in ("qemu-system-x86_64", "busybox", "cpio", "modinfo"):
        if not shutil.which(program):
            return f"needs {program}"
    if not kernel():
        return "needs a kernel with modules; see ASSAYFS_VM_KERNELS"
    return None


def in_order(folder, wanted):
    """Returns files of modules, each after those that it needs."""
    by_name = {
        name.partition(".ko")[0].replace("-", "_"): os.path.join(place, name)
        for place, _, names in os.walk(folder + "/kernel") for name in names}
    files = []

    def add(name):
        file = by_name.get(name.replace("-", "_"))
        if file is None or file in files:
            return  # it is part of the kernel, or there already
        done = subprocess.run(["modinfo", "-F", "depends", file], check=True,
                              capture_output=True, text=True)
        for needed in done.stdout.strip().split(","):
            add(needed)
        files.append(file)
    for name in wanted:
        add(name)
    return files


def libraries(program):
    done = subprocess.run(["ldd", program], capture_output=True, text=True,
                          check=True)
    return {word for word in done.stdout.split() if word.startswith("/")}


class Machine:
    """What a machine is to have. Made in folder, which is the caller's."""

    def __init__(self, folder, modules, programs):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        for name in ("bin", "proc", "sys", "dev", "run", "tmp", "mnt", "disk",
                     "etc", "lib/modules"):
            os.makedirs(os.path.join(self.root, name))
        self.copy(shutil.which("busybox"), "/bin/busybox")
        for program in programs:
            self.copy(program, "/bin/" + os.path.basename(program))
            for library in libraries(program):
                self.copy(os.path.realpath(library), library)
        image, tree = kernel()
        self.image = image
        files = in_order(tree, modules)
        for file in files:
            self.copy(file, "/lib/modules/" + os.path.basename(file))
        self.write("/modules", "\n".join(map(os.path.basename, files)))
        self.write("/init", START, 0o755)

    def path(self, name):
        return self.root + name

    def copy(self, source, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        shutil.copy(source, self.path(name))

    def write(self, name, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(self.path(name), mode)

    def run(self, script, disk):
        """Runs script with disk as /dev/vda; returns what it printed, as lines.

        Fails if the script does.
        """
        self.write("/script", "#!/bin/sh\n" + script, 0o755)
        packed = os.path.join(self.folder, "initramfs")
        subprocess.run("find . | cpio --quiet -o -H newc | gzip -1 >" + packed,
                       shell=True, cwd=self.root, check=True)
        done = subprocess.run(
            ["qemu-system-x86_64", "-accel", "tcg", "-m", "1024", "-nographic",
             "-no-reboot", "-nic", "none", "-monitor", "none",
             "-kernel", self.image, "-initrd", packed,
             "-append", "console=ttyS0 quiet panic=-1",
             "-drive", f"file={disk},if=virtio,format=raw"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=PATIENCE, check=False)
        lines = [line.strip() for line in done.stdout.splitlines()]
        if "exit 0" not in lines:
            raise AssertionError(done.stdout + done.stderr)
        return lines
