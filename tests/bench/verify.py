# SPDX-License-Identifier: Apache-2.0
"""A tree of packages, verified by assayfs and by rpm."""

import os
import sys

import tree
from bench import seconds
from mounts import Failed, run

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../mount"))
import packages  # noqa: E402

DEPENDENCIES = 10  # of each package
FILES = 100  # in each package
HEAD = """Name: verified
Version: 1
Release: 1
Summary: Files of realistic sizes
License: none
BuildArch: noarch
AutoReqProv: no
%description
Files.
%install
cp -a {files}/. %{{buildroot}}/
"""
PACKAGE = """%package -n {name}
Summary: Files
AutoReqProv: no
{dependencies}
%description -n {name}
Files.
%files -n {name}
{folder}
"""


class By:
    def __init__(self, name):
        self.name = name


def write_package(folder, number, sizes):
    """Writes the files of one package; returns its part of the spec."""
    name = f"verified{number:03d}"
    where = f"/usr/share/{name}"
    os.makedirs(folder + where)
    for i, size in enumerate(sizes):
        tree.write(f"{folder}{where}/f{i:03d}",
                   tree.content(number * FILES + i, size))
    dependencies = [f"Provides: {name}({i})\nRequires: "
                    f"verified{(number * i) // DEPENDENCIES:03d}({i})"
                    for i in range(DEPENDENCIES)]
    return PACKAGE.format(name=name, folder=where,
                          dependencies="\n".join(dependencies))


def install(maker, bench):
    """Makes and installs the packages; returns the root that has them."""
    files, root = maker.at("files"), maker.at("root")
    sizes = tree.realistic_sizes(bench.sizes.verified_files,
                                 bench.sizes.verified_bytes)
    spec = HEAD.format(files=files) + "".join(
        write_package(files, number, sizes[start:start + FILES])
        for number, start in enumerate(range(0, len(sizes), FILES)))
    rpms = maker.build_all(spec)
    packages.small_root(root)
    packages.rpm(root, "--import", maker.key)
    packages.rpm(root, "-U", *rpms)
    return root


def verify(bench):
    """All files of a root, warm: on one side by signed headers, on the other
    by the database."""
    lacking = packages.needs()
    if lacking:
        raise Failed(lacking)
    maker = packages.Maker()
    try:
        root = install(maker, bench)
        commands = {
            "assayfs": (bench.assayfs, "verify", "--keys", maker.key, root),
            "rpm -Va": ("rpm", "--root", root, "--dbpath", "/var/lib/rpm",
                        "-Va")}
        bench.compare("verify", "verify", "ms",
                      lambda one: 1000 * seconds(
                          lambda: run(*commands[one.name])),
                      [By(name) for name in commands], base="rpm -Va")
    finally:
        maker.remove()
