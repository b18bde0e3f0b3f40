// SPDX-License-Identifier: Apache-2.0
#include "fs/inode_table.h"

#include <unistd.h>

#include <thread>
#include <vector>

#include "fs/passthrough_names.h"
#include "unit/fs/lower_tree.h"

namespace assayfs {
namespace {

using testing::FailsWith;
using testing::LowerTree;
using testing::Must;

TEST(InodeTableTest, KnowsTheRootFromTheStart) {
  LowerTree tree;
  EXPECT_EQ(tree.root().node(), kRootNode);
  EXPECT_TRUE(S_ISDIR(tree.root().type()));
}

TEST(InodeTableTest, RefusesADescriptorThatIsNotOpen) {
  EXPECT_THAT(InodeTable::Create(-1, 1), FailsWith(EBADF));
}

TEST(InodeTableTest, GivesHardLinksOneNode) {
  LowerTree tree;
  const auto path = tree.dir().Write("a", "x");
  ASSERT_EQ(::link(path.c_str(), (tree.dir() / "b").c_str()), 0);
  EXPECT_EQ(tree.At("a").node(), tree.At("b").node());
}

TEST(InodeTableTest, ForgetsWithTheLastLookup) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef lower = tree.At("a");
  const NodeId node = lower.node();
  tree.At("a");
  EXPECT_EQ(tree.table().Forget(node, 1), std::nullopt);
  EXPECT_TRUE(tree.table().Get(node));
  EXPECT_EQ(tree.table().Forget(node, 1), lower.id());
  EXPECT_EQ(tree.table().Forget(node, 1), std::nullopt);
  EXPECT_THAT(tree.table().Get(node), FailsWith(ESTALE));
}

TEST(InodeTableTest, NeverForgetsTheRoot) {
  LowerTree tree;
  tree.table().Forget(kRootNode, 1000);
  EXPECT_TRUE(tree.table().Get(kRootNode));
}

TEST(InodeTableTest, NeverGivesANodeIdTwice) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const NodeId first = tree.At("a").node();
  tree.table().Forget(first, 1);
  EXPECT_NE(tree.At("a").node(), first);
}

TEST(InodeTableTest, KeepsAForgottenFileWhileSomebodyUsesIt) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef lower = tree.At("a");
  tree.table().Forget(lower.node(), 1);
  struct stat info {};
  EXPECT_EQ(::fstat(lower.fd(), &info), 0);
}

TEST(InodeTableTest, TellsARemovedFileFromOneMadeAfterIt) {
  LowerTree tree;
  const auto path = tree.dir().Write("a", "x");
  const LowerRef old = tree.At("a");
  ::unlink(path.c_str());
  tree.dir().Write("a", "x");
  EXPECT_NE(tree.At("a").node(), old.node());
}

TEST(InodeTableTest, FindsNodesByLowerFile) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const FileId id = tree.IdOf("a");
  EXPECT_FALSE(tree.table().Find(id));
  const NodeId node = tree.At("a").node();
  EXPECT_EQ(tree.table().Find(id), node);
}

TEST(InodeTableTest, ClearsEverythingButTheRoot) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const NodeId node = tree.At("a").node();
  tree.table().Clear();
  EXPECT_EQ(tree.table().size(), 1U);
  EXPECT_THAT(tree.table().Get(node), FailsWith(ESTALE));
  EXPECT_TRUE(tree.table().Get(kRootNode));
}

TEST(InodeTableTest, TellsOnceThatTheKernelReliesOnWhatItWasTold) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef file = tree.At("a");
  EXPECT_FALSE(tree.table().StopRelying(file.node()));
  file.Rely();
  EXPECT_TRUE(tree.table().StopRelying(file.node()));
  EXPECT_FALSE(tree.table().StopRelying(file.node()));
  EXPECT_FALSE(tree.table().StopRelying(file.node() + 1));
}

TEST(InodeTableTest, CountsLookupsOfSeveralThreads) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const NodeId node = tree.At("a").node();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        const auto found = tree.Find("a");
        tree.table().Forget(found->lower.node(), 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(tree.At("a").node(), node);
  tree.table().Forget(node, 2);
  EXPECT_EQ(tree.table().size(), 1U);
}

TEST(InodeTableTest, KeepsNoMoreDescriptorsThanItMay) {
  LowerTree tree(2);
  std::vector<NodeId> nodes;
  for (const char* name : {"a", "b", "c", "d"}) {
    tree.dir().Write(name, name);
    nodes.push_back(tree.At(name).node());
  }
  EXPECT_EQ(tree.table().descriptors(), 2U);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto lower = tree.table().Get(nodes[i]);
    ASSERT_TRUE(lower);
    EXPECT_EQ(lower->id(), tree.IdOf(std::string(1, "abcd"[i])));
  }
  EXPECT_EQ(tree.table().descriptors(), 2U);
}

// /proc gives no handles: files are opened by the names they were found under.
TEST(InodeTableTest, OpensByNameWhereThereAreNoHandles) {
  const UniqueFd root(::open("/proc", O_PATH | O_CLOEXEC));
  const auto table = Must(InodeTable::Create(root.get(), 1));
  const auto folder = Must(Lookup(*table, Must(table->Get(kRootNode)), "sys"));
  const auto inner = Must(Lookup(*table, folder.lower, "kernel"));
  const auto file = Must(Lookup(*table, inner.lower, "ostype"));
  EXPECT_EQ(file.lower.id().generation, 0U);
  for (const LowerRef& known : {folder.lower, inner.lower, file.lower}) {
    EXPECT_EQ(Must(table->Get(known.node())).id(), known.id());
  }
}

TEST(InodeTableTest, IsStaleForNamesThatFormARing) {
  const UniqueFd root(::open("/proc", O_PATH | O_CLOEXEC));
  const auto table = Must(InodeTable::Create(root.get(), 1));
  const auto outer = Must(Lookup(*table, Must(table->Get(kRootNode)), "sys"));
  const auto inner = Must(Lookup(*table, outer.lower, "kernel"));
  table->Moved(outer.lower.id(), inner.lower.node(), "sys");
  Must(Lookup(*table, Must(table->Get(kRootNode)), "fs"));  // takes the fd
  EXPECT_THAT(table->Get(inner.lower.node()), FailsWith(ESTALE));
}

TEST(InodeTableTest, IsStaleForAFileThatWasRemovedBelow) {
  LowerTree tree(1);
  const auto path = tree.dir().Write("a", "x");
  const NodeId node = tree.At("a").node();
  tree.dir().Write("b", "x");
  tree.At("b");  // takes the one descriptor that is kept
  ::unlink(path.c_str());
  tree.dir().Write("a", "x");
  EXPECT_THAT(tree.table().Get(node), FailsWith(ESTALE));
  EXPECT_NE(tree.At("a").node(), node);
}

TEST(InodeTableTest, KeepsANamelessFileReachable) {
  LowerTree tree(1);
  UniqueFd fd(::open(tree.dir().path().c_str(), O_TMPFILE | O_RDWR, 0600));
  ASSERT_TRUE(fd);
  struct stat info {};
  ASSERT_EQ(::fstat(fd.get(), &info), 0);
  const NodeId node =
      tree.table().Remember(std::move(fd), info, kRootNode, "").node();
  EXPECT_TRUE(tree.table().Get(node));
}

TEST(InodeTableTest, SharesOneOpenStateThatOutlivesTheNode) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef lower = tree.At("a");
  EXPECT_EQ(lower.known_open_state(), nullptr);
  const auto state = lower.open_state();
  EXPECT_EQ(lower.open_state(), state);
  EXPECT_EQ(tree.At("a").known_open_state(), state.get());
  tree.table().Forget(lower.node(), 2);
  EXPECT_EQ(state->change(), 0U);
}

TEST(InodeTableTest, KnowsWhichFilesLieInAFolderThatIsWatched) {
  const auto watcher = Must(FolderWatcher::Create());
  LowerTree tree;
  ASSERT_EQ(::mkdir((tree.dir() / "folder").c_str(), 0755), 0);
  tree.dir().Write("folder/a", "x");
  tree.dir().Write("b", "x");
  const LowerRef folder = tree.At("folder");
  const LowerRef a = Must(Lookup(tree.table(), folder, "a")).lower;
  EXPECT_FALSE(tree.table().IsInWatchedFolder(a));
  EXPECT_TRUE(folder.Watch(*watcher));
  EXPECT_TRUE(folder.Watch(*watcher));
  EXPECT_TRUE(tree.table().IsInWatchedFolder(a));
  EXPECT_FALSE(tree.table().IsInWatchedFolder(tree.At("b")));
  EXPECT_FALSE(tree.table().IsInWatchedFolder(tree.root()));
}

TEST(InodeTableTest, KnowsWhereANodeWasFoundLast) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef file = tree.At("a");
  const auto place = tree.table().PlaceOf(file.node());
  ASSERT_TRUE(place);
  EXPECT_TRUE(S_ISREG(place->type));
  EXPECT_EQ(place->folder, kRootNode);
  EXPECT_EQ(place->name, "a");
  tree.table().Moved(file.id(), kRootNode, "b");
  EXPECT_EQ(tree.table().PlaceOf(file.node())->name, "b");
  EXPECT_EQ(tree.table().PlaceOf(kRootNode)->name, "");
  EXPECT_FALSE(tree.table().PlaceOf(12345));
}

TEST(LowerRefTest, KnowsWhichPrivilegesTheKernelWasTold) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef file = tree.At("a");
  EXPECT_TRUE(file.WasToldOnly(0100755));
  file.TellPrivileges(0104755);
  file.TellPrivileges(0100755);  // may come before the other
  EXPECT_EQ(file.told_privileges(), mode_t{S_ISUID});
  EXPECT_TRUE(file.WasToldOnly(0106755));
  EXPECT_FALSE(file.WasToldOnly(0102755));
  EXPECT_TRUE(file.WasToldOnly(0102755)) << "forgotten";
}

TEST(LowerRefTest, KnowsWhetherItsAttributesAreBeingChanged) {
  LowerTree tree;
  tree.dir().Write("a", "x");
  const LowerRef file = tree.At("a");
  EXPECT_FALSE(file.ChangedAttributes());
  file.ChangesAttributes();
  EXPECT_TRUE(file.ChangedAttributes());
}

}  // namespace
}  // namespace assayfs
