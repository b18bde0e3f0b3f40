#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Content that counts only where, and as, its list has it."""

import errno
import os
import stat
import time

import judged
import packages
import tap
from judged import assayfs, read, run, wait_until, write
from packages import rpm

SPEC = """
Name: bound
Version: 1
Release: 1
Summary: x
License: x
AutoReqProv: no
%description
x
%install
mkdir -p %{buildroot}/usr/bin %{buildroot}/usr/share
cd %{buildroot}/usr/bin
for name in plain privileged ping owned loose; do
  printf '#!/bin/sh\\necho %%s\\n' $name >$name
done
cp privileged twin
ln -s plain alias
ln -s ../bin ../share/folder
%files
%attr(755,root,root) /usr/bin/plain
%attr(4755,root,root) /usr/bin/privileged
%attr(755,root,root) %caps(cap_net_raw=ep) /usr/bin/ping
%attr(640,daemon,tty) /usr/bin/owned
%verify(not mode user group caps) %attr(755,root,root) /usr/bin/loose
%attr(755,root,root) /usr/bin/twin
/usr/bin/alias
/usr/share/folder
"""
PLAIN, PRIVILEGED, PING, OWNED, LOOSE, ALIAS = (
    "usr/bin/" + name for name in ("plain", "privileged", "ping", "owned",
                                   "loose", "alias"))
# VFS_CAP_REVISION_2 with the effective bit, and CAP_NET_ADMIN permitted.
NET_ADMIN = bytes([1, 0, 0, 2, 0, 0x10]) + bytes(14)
CAPABILITY = "security.capability"


class PathTest(judged.Judged):
    OPTIONS = ("--bind", "path")

    def test_known_content_counts_in_its_place_only(self):
        self.assertReads(self.at("data"), "data\n")
        write(self.below("copy"), "data\n")
        self.assertDenied(self.at("copy"))
        self.assertEqual(self.why("copy")["reason"], "path-mismatch")

    def test_a_rename_through_the_mount_moves_it_out_of_place(self):
        self.assertReads(self.at("data"), "data\n")
        os.rename(self.at("data"), self.at("moved"))
        self.assertDenied(self.at("moved"))
        os.rename(self.at("moved"), self.at("data"))
        self.assertReads(self.at("data"), "data\n")

    def test_a_folder_that_is_renamed_takes_its_files_along(self):
        self.assertEqual(judged.run(self.at("bin/hello")).stdout, "hello\n")
        os.rename(self.at("bin"), self.at("sbin"))
        with self.assertRaises(PermissionError):
            judged.run(self.at("sbin/hello"))

    def test_a_hard_link_shares_the_place(self):
        os.link(self.at("data"), self.at("link"))
        self.assertReads(self.at("link"), "data\n")

    def test_it_is_judged_at_open_also_where_nobody_can_write(self):
        self.unmount()
        self.mount("-o", "ro")
        status = self.status()
        self.assertEqual((status["enforce_at"], status["enforce_at_why"]),
                         ("open", "policy binds content to paths or attributes"))


class Made:
    """The package and a root that has it, for all tests."""

    maker = None


def setUpModule():
    Made.maker = packages.Maker()
    package = Made.maker.build("bound", SPEC)
    Made.root = Made.maker.at("root")
    packages.small_root(Made.root)
    write(os.path.join(Made.root, "etc/passwd"),
          "root:x:0:0::/:/bin/sh\ndaemon:x:4242:1::/:\n")
    write(os.path.join(Made.root, "etc/group"), "root:x:0:\ntty:x:4343:\n")
    rpm(Made.root, "-i", "--nodeps", package)


def tearDownModule():
    Made.maker.remove()


class Installed(judged.Judged):
    MOUNT = False
    OPTIONS = ("--bind", "path,mode,owner,caps,link")

    def setUp(self):
        super().setUp()
        run("cp", "-a", Made.root + "/.", self.tree)
        os.unlink(os.path.join(self.lists, "tlv-base"))
        assayfs("lists", "gen", "-o", self.lists, f"rpmdb:{self.tree}")
        self.mount()

    def options(self):
        return [*super().options(), "--keys", Made.maker.key]

    def assertMismatch(self, name, detail):
        self.assertDenied(self.at(name))
        told = self.why(name)
        self.assertEqual(told["reason"], "metadata-mismatch")
        self.assertIn(detail, told["detail"])

    def mode(self, name):
        return stat.S_IMODE(os.stat(self.at(name)).st_mode)

    def replace(self, name, target):
        os.unlink(self.below(name))
        os.symlink(target, self.below(name))


class AttributesTest(Installed):
    def test_what_is_as_listed_is_allowed(self):
        for name in (PLAIN, PRIVILEGED, PING, OWNED, LOOSE, ALIAS,
                     "usr/share/folder/plain", "bin/sh"):
            expected = name != "bin/sh"  # in no list
            self.assertEqual(self.why(name)["verdict"] == "allow", expected)
        self.assertReads(self.at(ALIAS), read(self.below(PLAIN)))
        self.assertEqual(self.mode(PRIVILEGED), 0o4755)
        self.assertEqual(os.getxattr(self.at(PING), CAPABILITY),
                         os.getxattr(self.below(PING), CAPABILITY))

    def test_another_mode_is_denied_until_it_is_put_right(self):
        content = read(self.below(PLAIN))
        self.assertReads(self.at(PLAIN), content)
        os.chmod(self.below(PLAIN), 0o757)
        self.assertMismatch(PLAIN, "mode 0757 instead of 0755")
        os.chmod(self.below(PLAIN), 0o755)
        self.assertReads(self.at(PLAIN), content)
        os.chmod(self.at(PLAIN), 0o700)
        self.assertMismatch(PLAIN, "mode 0700 instead of 0755")

    def test_another_owner_is_denied(self):
        os.chown(self.below(PLAIN), 4242, 0)
        self.assertMismatch(PLAIN, "user 4242 instead of root")
        os.chown(self.below(OWNED), 4242, 0)
        self.assertMismatch(OWNED, "group 0 instead of tty")

    def test_accounts_are_those_of_now(self):
        self.assertEqual(self.why(OWNED)["verdict"], "allow")
        write(self.below("etc/passwd"), "daemon:x:1:1::/:\n")
        self.assertMismatch(OWNED, "user 4242 instead of daemon")
        os.chown(self.below(OWNED), 1, 4343)
        self.assertEqual(self.why(OWNED)["verdict"], "allow")

    def test_what_is_not_to_be_verified_may_differ(self):
        content = read(self.below(LOOSE))
        os.chmod(self.below(LOOSE), 0o700)
        os.chown(self.below(LOOSE), 7, 7)
        self.assertReads(self.at(LOOSE), content)
        os.chmod(self.below(LOOSE), 0o4700)
        self.assertMismatch(LOOSE, "mode 4700 instead of 0755")

    def test_other_capabilities_are_denied_and_not_shown(self):
        os.setxattr(self.below(PING), CAPABILITY, NET_ADMIN)
        self.assertMismatch(PING, 'capabilities "cap_net_admin=ep" instead of '
                                  '"cap_net_raw=ep"')
        os.setxattr(self.below(PLAIN), CAPABILITY, NET_ADMIN)
        self.assertMismatch(PLAIN, "instead of none")
        for name in (PING, PLAIN):
            with self.assertRaises(OSError) as raised:
                os.getxattr(self.at(name), CAPABILITY)
            self.assertEqual(raised.exception.errno, errno.ENODATA)

    def test_a_privilege_that_no_list_gives_is_neither_used_nor_shown(self):
        os.chmod(self.below(PLAIN), 0o4755)
        self.assertEqual(self.mode(PLAIN), 0o755)
        with self.assertRaises(PermissionError):
            run(self.at(PLAIN))
        os.chmod(self.at(PLAIN), 0o6755)
        self.assertEqual(self.mode(PLAIN), 0o755)
        self.assertEqual(os.stat(self.below(PLAIN)).st_mode & 0o7777, 0o6755)

    def test_writing_takes_privileges_that_are_not_shown(self):
        os.chmod(self.below(PLAIN), 0o4775)
        os.chmod(self.below(LOOSE), 0o2775)
        os.setxattr(self.below(LOOSE), CAPABILITY, NET_ADMIN)
        with open(self.at(PLAIN), "ab") as file:
            file.write(b"#")
        os.truncate(self.at(LOOSE), 3)
        for name in (PLAIN, LOOSE):
            self.assertEqual(os.stat(self.below(name)).st_mode & 0o7777,
                             0o775)
        self.assertNotIn(CAPABILITY, os.listxattr(self.below(LOOSE)))

    def test_capabilities_that_are_not_shown_are_not_named(self):
        for name, value in (("user.security.capability", b"x"),
                            (CAPABILITY, NET_ADMIN), ("user.more", b"y")):
            os.setxattr(self.below(PLAIN), name, value)
        self.assertEqual(sorted(os.listxattr(self.at(PLAIN))),
                         ["user.more", "user.security.capability"])
        os.removexattr(self.below(PLAIN), "user.more")
        self.assertEqual(os.listxattr(self.at(PLAIN)),
                         ["user.security.capability"])

    def test_a_privilege_is_shown_under_its_own_name_only(self):
        self.assertEqual(self.mode(PRIVILEGED), 0o4755)
        # As rpm does it: under a name of its own first.
        os.rename(self.at(PRIVILEGED), self.at("usr/bin/fresh"))
        os.chmod(self.at("usr/bin/fresh"), 0o4755)
        self.assertEqual(self.mode("usr/bin/fresh"), 0o755)
        os.rename(self.at("usr/bin/fresh"), self.at(PRIVILEGED))
        self.assertEqual(self.mode(PRIVILEGED), 0o4755)

    def test_an_acl_is_another_mode(self):
        run("setfacl", "-m", "u:4242:rx", self.below(PLAIN))
        self.assertMismatch(PLAIN, "and an ACL")

    def test_what_runs_has_the_bits_that_were_judged(self):
        self.unmount()
        self.OPTIONS = ("--bind", "mode")
        self.mount()
        time.sleep(3)  # until the kernel may rely on what it is told
        self.assertEqual(self.mode(PRIVILEGED), 0o4755)
        # By a name in a folder that nobody watches.
        os.mkdir(self.below("unseen"))
        os.link(self.below(PRIVILEGED), self.below("unseen/x"))
        os.chmod(self.below("unseen/x"), 0o755)
        self.assertEqual(self.mode(PRIVILEGED), 0o4755)
        # Now it is as the list has its twin, so it is judged to be good.
        self.assertEqual(run(self.at(PRIVILEGED)).stdout, "privileged\n")
        self.assertEqual(self.mode(PRIVILEGED), 0o755)

    def test_log_mode_shows_all_and_records(self):
        self.unmount()
        self.mount("--mode", "log")
        os.chmod(self.below(PLAIN), 0o4755)
        self.assertEqual(self.mode(PLAIN), 0o4755)
        read(self.at(PLAIN))
        wait_until(lambda: "would deny /usr/bin/plain" in
                   self.stderr().replace(self.mnt, ""))


class LinkTest(Installed):
    def test_a_link_that_leads_elsewhere_is_not_followed(self):
        self.replace(ALIAS, "ping")
        with self.assertRaises(PermissionError):
            os.readlink(self.at(ALIAS))
        self.assertDenied(self.at(ALIAS))
        wait_until(lambda: "leads to ping instead of plain" in self.stderr())
        self.assertIn("metadata-mismatch", self.stderr())

    def test_nor_is_one_in_the_place_of_a_file(self):
        self.replace(PLAIN, "ping")
        self.assertDenied(self.at(PLAIN))
        wait_until(lambda: "instead of being a file" in self.stderr())

    def test_nor_is_one_to_a_folder(self):
        self.replace("usr/share/folder", "/etc")
        with self.assertRaises(PermissionError):
            os.listdir(self.at("usr/share/folder"))

    def test_what_changes_counts_at_once(self):
        self.assertEqual(os.readlink(self.at(ALIAS)), "plain")
        self.replace(ALIAS, "ping")

        def is_denied():
            try:
                # The link from before, until the daemon hears of the new one.
                self.assertEqual(os.readlink(self.at(ALIAS)), "plain")
            except PermissionError:
                return True
            return False
        wait_until(is_denied)
        for name in os.listdir(self.lists):
            os.unlink(os.path.join(self.lists, name))
        self.assertEqual(os.readlink(self.at(ALIAS)), "ping")

    def test_links_of_no_list_are_followed(self):
        os.symlink("plain", self.at("usr/bin/mine"))
        self.assertReads(self.at("usr/bin/mine"), read(self.below(PLAIN)))


class MistakesTest(Installed):
    def refused(self, *words):
        self.unmount()
        done = assayfs("mount", *super().options(), *words, self.tree,
                       self.mnt, check=False)
        self.assertNotEqual(done.returncode, 0)
        return done.returncode, done.stderr

    def test_a_word_that_is_none_of_them(self):
        status, told = self.refused("--bind", "path,name")
        self.assertEqual(status, 2)
        self.assertIn('--bind: "name" is none of path, mode, owner, caps, '
                      'link', told)

    def test_links_where_no_rule_is_for_reading(self):
        _, told = self.refused("--policy", "exec")
        self.assertIn("bind=link binds nothing", told)

    def test_lists_that_are_loaded_when_they_are_needed(self):
        _, told = self.refused("--log-order", "on-use")
        self.assertIn("bind= needs --log-order sorted", told)

    def test_a_policy_that_binds_more_than_the_mount_was_made_for(self):
        policy = os.path.join(self.base, "policy")
        write(policy, "appraise bind=path\n")
        self.OPTIONS = ("--policy", policy)
        self.unmount()
        self.mount()
        write(policy, "appraise bind=mode\n")
        done = assayfs("reload", self.mnt, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("now binds attributes or links", done.stderr)
        os.chmod(self.below(PLAIN), 0o700)
        read(self.at(PLAIN))


if __name__ == "__main__":
    tap.main(judged.needs() or packages.needs())
