# SPDX-License-Identifier: Apache-2.0
"""Packages foo and bar in several versions, and a root that has two of them."""

import os

import judged
import packages
from packages import rpm

# The program runs in scriptlets as soon as it is there. No package has the shell
# that they need, but dnf asks for one.
FOO = """
Name: foo
Version: VERSION
Release: 1
Summary: x
License: x
AutoReqProv: no
Provides: /bin/sh
%description
x
%install
mkdir -p %{buildroot}/usr/bin
for name in foo foo-one foo-two foo-VERSION; do
  printf '#!/bin/sh\\necho %%s\\n' "$name VERSION BUILD" \\
    >%{buildroot}/usr/bin/$name
done
%pre
echo "pre VERSION" >>/scriptlets
%post
/usr/bin/foo >>/scriptlets || echo "post VERSION was denied" >>/scriptlets
%preun
/usr/bin/foo-VERSION >>/scriptlets || echo "preun was denied" >>/scriptlets
%posttrans
/usr/bin/foo-two >>/scriptlets || echo "posttrans was denied" >>/scriptlets
%files
%attr(755,root,root) /usr/bin/*
"""
BAR = FOO.replace("foo", "bar")
PROGRAMS = ("foo", "foo-one", "foo-two")


class Made:
    """Packages made once, for all tests."""

    maker = None

    @classmethod
    def make(cls):
        cls.maker = packages.Maker()
        for name, spec, version, build in (
                ("foo-1", FOO, "1", ""), ("foo-2", FOO, "2", ""),
                ("foo-2-again", FOO, "2", "again"), ("bar-1", BAR, "1", ""),
                ("bar-2", BAR, "2", "")):
            cls.maker.build(name, spec.replace("VERSION", version).replace(
                "BUILD", build))
        cls.maker.build("unsigned", FOO.replace("VERSION", "3"), signed=False)
        cls.root = cls.maker.at("root")
        packages.small_root(cls.root)
        rpm(cls.root, "--initdb")
        cls.install(cls.root, "foo-1", "bar-1")

    @classmethod
    def path(cls, name):
        return os.path.join(cls.maker.rpms, name + ".rpm")

    @classmethod
    def install(cls, root, *names):
        rpm(root, "-U", "--oldpackage", "--replacepkgs", "--nodeps",
            *map(cls.path, names))


def setUpModule():
    Made.make()


def tearDownModule():
    Made.maker.remove()


def needs():
    """Returns why the tests of these packages cannot run here, or None."""
    return judged.needs() or packages.needs()
