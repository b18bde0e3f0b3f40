// SPDX-License-Identifier: Apache-2.0
// Reading the headers of installed packages out of an RPM database.
#include "trust/rpm_database.h"

#include <fcntl.h>
#include <rpm/rpmbase64.h>
#include <rpm/rpmdb.h>
#include <rpm/rpmlib.h>
#include <rpm/rpmlog.h>
#include <rpm/rpmmacro.h>
#include <rpm/rpmsq.h>
#include <rpm/rpmts.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>

#include "base/scratch_folder.h"

namespace assayfs {
namespace {

// What an RPM header signature covers before the region.
constexpr std::array<std::uint8_t, 8> kHeaderMagic = {0x8e, 0xad, 0xe8, 0x01,
                                                      0x00, 0x00, 0x00, 0x00};
// The tags of header signatures; librpm 4.18 has no name for the last.
constexpr rpmTagVal kRsaHeader = 268;
constexpr rpmTagVal kDsaHeader = 267;
constexpr rpmTagVal kOpenPgp = 278;

struct Layout {
  const char* folder;
  const char* file;
  const char* backend;  // librpm's name for it
};
constexpr std::array<const char*, 2> kFolders = {"/usr/lib/sysimage/rpm",
                                                 "/var/lib/rpm"};
constexpr std::array<Layout, 3> kFiles = {{
    {nullptr, "rpmdb.sqlite", "sqlite"},
    {nullptr, "Packages.db", "ndb"},
    {nullptr, "Packages", "bdb_ro"},
}};

template <auto Free>
struct Deleter {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Transaction = std::unique_ptr<rpmts_s, Deleter<rpmtsFree>>;
using Iterator =
    std::unique_ptr<rpmdbMatchIterator_s, Deleter<rpmdbFreeIterator>>;
using TagData = std::unique_ptr<rpmtd_s, Deleter<rpmtdFree>>;
using Text = std::unique_ptr<char, Deleter<std::free>>;

// Or librpm takes over SIGTERM and others while a database is open, and exits
// when they come. It is deprecated, but nothing has taken its place.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
void LeaveSignalsAlone() { rpmsqSetInterruptSafety(0); }
#pragma GCC diagnostic pop

// An open use of librpm, one at a time in the process. While it lasts,
// librpm's messages go to a string instead of stderr, and librpm reads the
// database in folder, which is seen from its root.
class RpmSession {
 public:
  RpmSession(const std::string& folder, const char* backend) : lock_(mutex()) {
    rpmlogSetCallback(&RpmSession::Collect, &log_);
    LeaveSignalsAlone();
    configured_ = Configure();
    rpmPushMacro(nullptr, "_dbpath", nullptr, folder.c_str(), RMIL_CMDLINE);
    rpmPushMacro(nullptr, "_db_backend", nullptr, backend, RMIL_CMDLINE);
  }
  RpmSession(const RpmSession&) = delete;
  RpmSession& operator=(const RpmSession&) = delete;
  ~RpmSession() {
    rpmPopMacro(nullptr, "_db_backend");
    rpmPopMacro(nullptr, "_dbpath");
    rpmlogSetCallback(nullptr, nullptr);
  }

  bool configured() const { return configured_; }
  // Whether librpm has complained so far: of an error, of anything at all.
  bool had_error() const { return log_.had_error; }
  bool had_message() const { return !log_.last_message.empty(); }
  // Builds an error that ends in librpm's last message.
  Error MakeError(const std::string& what) const {
    return Error(EIO, "RPM database: " + what +
                          (had_message() ? ": " + log_.last_message : ""));
  }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  static bool Configure() {
    static const bool done = rpmReadConfigFiles(nullptr, nullptr) == 0;
    return done;
  }
  struct Log {
    std::string last_message;
    bool had_error = false;
  };
  static int Collect(rpmlogRec record, rpmlogCallbackData data) {
    if (rpmlogRecPriority(record) <= RPMLOG_WARNING) {
      Log& log = *static_cast<Log*>(data);
      std::string text = rpmlogRecMessage(record);
      while (!text.empty() && text.back() == '\n') text.pop_back();
      log.last_message = Printable(text);
      if (rpmlogRecPriority(record) <= RPMLOG_ERR) log.had_error = true;
    }
    return 0;  // not to be printed
  }

  std::lock_guard<std::mutex> lock_;
  Log log_;
  bool configured_ = false;
};

std::string Join(const std::string& root, const char* absolute) {
  return root == "/" ? absolute : root + absolute;
}

Result<Layout> FindDatabase(const std::string& root) {
  for (const char* folder : kFolders) {
    for (const Layout& layout : kFiles) {
      struct stat info {};
      const std::string file = Join(root, folder) + "/" + layout.file;
      if (::stat(file.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) continue;
        return Fail(Error::FromErrno("RPM database: " + file));
      }
      if (S_ISREG(info.st_mode)) {
        return Layout{folder, layout.file, layout.backend};
      }
    }
  }
  return Fail(ENOENT, "RPM database: none below " + root +
                          "; looked in usr/lib/sysimage/rpm and var/lib/rpm");
}

// SQLite makes two files beside a database that it opens, or fails if it may
// not write there. They are there already while anybody has it open; if not,
// we read a copy.
bool NeedsCopy(const Layout& layout, const std::string& folder) {
  std::error_code ignored;
  return std::string_view(layout.backend) == "sqlite" &&
         !std::filesystem::exists(folder + "/rpmdb.sqlite-shm", ignored);
}

bool CopyDatabase(const std::string& from, const std::string& to) {
  std::error_code error;
  std::filesystem::copy_file(from + "/rpmdb.sqlite", to + "/rpmdb.sqlite",
                             error);
  if (error) return false;
  if (!std::filesystem::exists(from + "/rpmdb.sqlite-wal", error)) return true;
  std::filesystem::copy_file(from + "/rpmdb.sqlite-wal",
                             to + "/rpmdb.sqlite-wal", error);
  return !error;
}

TagData Get(Header header, rpmTagVal tag) {
  TagData data(rpmtdNew());
  // HEADERGET_MINMEM would borrow from the header; this copies.
  if (!data || !headerGet(header, tag, data.get(), HEADERGET_DEFAULT)) {
    return nullptr;
  }
  return data;
}

Bytes Blob(const rpmtd_s& data) {
  return {static_cast<const std::byte*>(data.data), data.count};
}

void AppendOnce(ByteVector& all, std::vector<ByteVector>& seen, Bytes packet) {
  ByteVector copy = ToVector(packet);
  if (std::find(seen.begin(), seen.end(), copy) != seen.end()) return;
  AppendBytes(all, packet);
  seen.push_back(std::move(copy));
}

ByteVector Signatures(Header header) {
  ByteVector all;
  std::vector<ByteVector> seen;
  for (const rpmTagVal tag : {kRsaHeader, kDsaHeader}) {
    const TagData data = Get(header, tag);
    if (data) {
      if (data->type == RPM_BIN_TYPE) AppendOnce(all, seen, Blob(*data));
      rpmtdFreeData(data.get());
    }
  }
  const TagData data = Get(header, kOpenPgp);
  if (!data) return all;
  const char* text = nullptr;
  while (data->type == RPM_STRING_ARRAY_TYPE &&
         (text = rpmtdNextString(data.get())) != nullptr) {
    void* packet = nullptr;
    std::size_t size = 0;
    if (rpmBase64Decode(text, &packet, &size) == 0) {
      AppendOnce(all, seen, {static_cast<const std::byte*>(packet), size});
    }
    std::free(packet);
  }
  rpmtdFreeData(data.get());
  return all;
}

// Nothing if the package is a pseudo package or has no immutable region.
std::optional<InstalledPackage> ReadPackage(Header header) {
  const char* name = headerGetString(header, RPMTAG_NAME);
  if (name == nullptr || std::string_view(name) == "gpg-pubkey") {
    return std::nullopt;
  }
  const TagData region = Get(header, RPMTAG_HEADERIMMUTABLE);
  if (!region) return std::nullopt;
  InstalledPackage package;
  AppendBytes(package.header, std::as_bytes(std::span(kHeaderMagic)));
  AppendBytes(package.header, Blob(*region));
  rpmtdFreeData(region.get());
  const Text full_name(headerGetAsString(header, RPMTAG_NEVRA));
  package.name = full_name ? full_name.get() : name;
  package.signatures = Signatures(header);
  return package;
}

Result<std::vector<InstalledPackage>> ReadAt(const std::string& root,
                                             const std::string& folder,
                                             const char* backend) {
  const RpmSession session(folder, backend);
  if (!session.configured()) {
    return Fail(session.MakeError("librpm cannot read its configuration"));
  }
  const Transaction transaction(rpmtsCreate());
  // Takes the headers as they are: their signatures are checked elsewhere.
  rpmtsSetVSFlags(transaction.get(), RPMVSF_MASK_NODIGESTS |
                                         RPMVSF_MASK_NOSIGNATURES |
                                         RPMVSF_NOHDRCHK);
  if (rpmtsSetRootDir(transaction.get(), root.c_str()) != 0 ||
      rpmtsOpenDB(transaction.get(), O_RDONLY) != 0) {
    return Fail(session.MakeError("cannot open " + folder + " below " + root));
  }
  const Iterator iterator(
      rpmtsInitIterator(transaction.get(), RPMDBI_PACKAGES, nullptr, 0));
  std::vector<InstalledPackage> packages;
  while (Header header = rpmdbNextIterator(iterator.get())) {
    auto package = ReadPackage(header);
    if (package) packages.push_back(std::move(*package));
  }
  // An iterator ends the same way at the end and at an error. For a database
  // of a kind that it was built without, librpm warns and finds nothing.
  if (session.had_error() || (packages.empty() && session.had_message())) {
    return Fail(session.MakeError("cannot read all of " + folder));
  }
  std::sort(packages.begin(), packages.end(),
            [](const InstalledPackage& left, const InstalledPackage& right) {
              return left.name < right.name;
            });
  return packages;
}

}  // namespace

Result<std::string> RpmDatabaseFolder(const std::string& root) {
  const auto layout = FindDatabase(root);
  if (!layout) return Fail(layout.error());
  return Join(root, layout->folder);
}

Result<std::vector<InstalledPackage>> ReadRpmDatabase(const std::string& root) {
  const auto layout = FindDatabase(root);
  if (!layout) return Fail(layout.error());
  const std::string folder = Join(root, layout->folder);
  if (!NeedsCopy(*layout, folder)) {
    return ReadAt(root, layout->folder, layout->backend);
  }
  const ScratchFolder scratch("rpmdb");
  if (scratch.path().empty() || !CopyDatabase(folder, scratch.path())) {
    return Fail(EIO, "RPM database: cannot copy " + folder +
                         " to a temporary folder to read it");
  }
  return ReadAt("/", scratch.path(), layout->backend);
}

}  // namespace assayfs
