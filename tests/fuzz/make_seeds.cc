// SPDX-License-Identifier: Apache-2.0
// Writes the first inputs of every corpus: make-seeds CORPUS_FOLDER.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <utility>

#include "lists/appended_signature.h"
#include "lists/tlv.h"
#include "support/header_builder.h"
#include "tpm/ima_log.h"

namespace assayfs {
namespace {

using testing::BuildPackage;
using testing::HeaderBuilder;
using testing::TagBinary;
using testing::TagNumbers64;
using testing::TagString;
using testing::TagStrings;

void Write(const std::filesystem::path& path, Bytes bytes) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << AsText(bytes);
}

Digest MakeDigest(HashAlgorithm algorithm) {
  const ByteVector bytes(DigestBytes(algorithm), std::byte{0x5a});
  return Digest::FromBytes(algorithm, bytes).value();
}

HeaderBuilder TwoFiles() {
  return HeaderBuilder()
      .File("/usr/bin/a", MakeDigest(HashAlgorithm::kSha256).Hex(), 0100755)
      .File("/usr/bin", "", 040755)
      .File("/etc/b", MakeDigest(HashAlgorithm::kSha256).Hex());
}

void WriteRpmSeeds(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  Write(folder / "no-files", HeaderBuilder().Build());
  Write(folder / "two-files", TwoFiles().Epoch(1).Build());
  Write(folder / "md5", HeaderBuilder()
                            .File("/a", MakeDigest(HashAlgorithm::kMd5).Hex())
                            .Drop(5011)
                            .Build());
  Write(folder / "old-file-names",
        HeaderBuilder()
            .Set(TagStrings(1027, {"/a"}))
            .Set(TagStrings(1035, {MakeDigest(HashAlgorithm::kSha256).Hex()}))
            .Build());
  Write(folder / "shadowed",
        TwoFiles().AfterRegion(TagStrings(1035, {"", "", ""})).Build());
  Write(folder / "no-region", TwoFiles().WithoutRegion().Build());
  Write(folder / "twice", TwoFiles().Again(TagString(1000, "x")).Build());
  Write(folder / "package",
        BuildPackage(
            TwoFiles().Build(),
            {TagBinary(267, AsBytes("dsa")), TagBinary(268, AsBytes("rsa")),
             TagStrings(278, {"b25l", "Zm91cg=="})}));
}

void WriteMetadataSeeds(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  Write(folder / "no-files", HeaderBuilder().Build());
  Write(folder / "no-metadata", TwoFiles().Build());
  Write(folder / "metadata", TwoFiles().Metadata().Build());
  Write(folder / "every-tag",
        TwoFiles()
            .Metadata()
            .Drop(1028)
            .Set(TagNumbers64(5008, {4, 0, std::uint64_t{1} << 40}))
            .Set(TagStrings(1036, {"", "", "../a"}))
            .Set(TagStrings(5010, {"cap_net_raw=ep", "", ""}))
            .Build());
  Write(folder / "one-user-for-three",
        TwoFiles().Metadata().Set(TagStrings(1039, {"root"})).Build());
}

void WriteTlvSeeds(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  std::vector<ListedFile> files;
  for (std::size_t i = 0; i < kHashAlgorithmCount; ++i) {
    files.push_back(
        {MakeDigest(static_cast<HashAlgorithm>(i)), "/a", std::nullopt});
  }
  Write(folder / "every-algorithm", WriteTlv(files));
  Write(folder / "verity", WriteTlv({files[10], files[11]}));
  files = {files[3]};
  files[0].path.clear();
  Write(folder / "no-path", WriteTlv(files));
}

void WriteSignatureSeeds(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  Write(folder / "unsigned", AsBytes("payload"));
  const auto openpgp = AppendSignature(
      AsBytes("payload"), SignatureFormat::kOpenPgp, AsBytes("sig"));
  Write(folder / "openpgp", openpgp);
  Write(folder / "pkcs7",
        AppendSignature(openpgp, SignatureFormat::kPkcs7, AsBytes("sig")));
  Write(folder / "no-payload",
        AppendSignature({}, SignatureFormat::kPkcs7, AsBytes("s")));
  Write(folder / "marker-alone", Bytes(openpgp).last(28));
}

void WriteImaSeeds(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  ByteVector log;
  const auto record =
      MakeImaNgRecord(12, MakeDigest(HashAlgorithm::kSha256), "/a b").value();
  EncodeRecord(record, log);
  Write(folder / "one-record", log);
  ImaRecord violation = record;
  violation.template_digest.assign(20, std::byte{0});
  EncodeRecord(violation, log);
  Write(folder / "violation", log);
  violation.template_name = "ima-sig";
  EncodeRecord(violation, log);
  Write(folder / "other-template", log);
}

// For targets whose inputs are choices: one that makes none, and some that are
// as good as any. The same on every machine.
void WriteChoices(const std::filesystem::path& folder) {
  Write(folder / "empty", {});
  std::uint32_t state = 1;
  for (std::size_t i = 1; i <= 16; ++i) {
    ByteVector choices;
    while (choices.size() < 16 * i) {
      state = state * 1664525 + 1013904223;
      choices.push_back(std::byte(state >> 24));
    }
    Write(folder / ("choices-" + std::to_string(i)), choices);
  }
}

// The choices by which policy_fuzz writes text: pieces of it, with no blank
// behind them.
ByteVector AsPolicyChoices(std::string_view text) {
  constexpr std::size_t kPiece = 15;
  ByteVector choices = {std::byte((text.size() + kPiece - 1) / kPiece)};
  for (; !text.empty(); text.remove_prefix(std::min(kPiece, text.size()))) {
    const auto piece = AsBytes(text.substr(0, kPiece));
    choices.push_back(std::byte{0});
    choices.push_back(std::byte(piece.size()));
    AppendBytes(choices, piece);
    choices.push_back(std::byte{0});
  }
  return choices;
}

// Policies with every word there is, and four uses for each.
void WritePolicySeeds(const std::filesystem::path& folder) {
  constexpr std::array<std::pair<const char*, std::string_view>, 12> kPolicies =
      {{
          {"actions",
           "measure\ndont_measure uid=0\nappraise\ndont_appraise uid=1\n"
           "audit\ndont_audit uid=0\nhash\ndont_hash uid=5\n"},
          {"funcs",
           "appraise func=FILE_CHECK\nappraise func=MMAP_CHECK bind=mode\n"
           "appraise func=BPRM_CHECK bind=path\n"
           "appraise func=CREDS_CHECK euid=0 bind=caps\n"
           "measure func=MODULE_CHECK\nmeasure func=FIRMWARE_CHECK\n"
           "measure func=KEXEC_KERNEL_CHECK\n"
           "measure func=KEXEC_INITRAMFS_CHECK\n"
           "appraise func=POLICY_CHECK\nappraise func=DIGEST_LIST_CHECK\n"},
          {"other-names",
           "audit func=PATH_CHECK\nhash func=FILE_MMAP\n"
           "hash func=MMAP_CHECK_REQPROT uid=1\n"},
          {"masks",
           "appraise mask=MAY_EXEC\nappraise mask=MAY_READ\n"
           "measure mask=^MAY_WRITE\naudit mask=^MAY_APPEND\n"},
          {"numbers",
           "dont_appraise uid<5 gid>0\nappraise euid=0,5,1000-1999 egid=1\n"
           "measure fowner=0 fgroup>4294967294\nmeasure fsmagic=0x9fa0,ef53\n"},
          {"texts",
           "dont_appraise path=/usr/**,/a exe=/bin/*\n"
           "appraise path!=**.ko,/a?[b-d!]\\* exe!=/bin/sh container!=?*\n"
           "measure container=web* fsname=ext4 fs_subtype=sshfs "
           "fsuuid=28B2*\n"},
          {"terms",
           "appraise uid=0 bind=path,mode,owner,caps,link list=a* package!=b\n"
           "appraise uid=1 digest_type=verity signer=AB* digest_cache=data\n"
           "appraise appraise_algos=sha256,sha512 appraise_type=imasig|modsig "
           "appraise_flag=check_blacklist permit_directio\n"},
          {"measure-terms",
           "measure uid=0 pcr=11 template=ima-sig digest_type=verity\n"
           "measure pcr=12 digest_cache=data list=a\n"},
          {"sets",
           "version 3\nset a 0,5\nset b @a,1000\nset p /usr/**,**/a\n"
           "appraise uid=@b path=@p # all\n\n# none\n"},
          {"exceptions",
           "dont_appraise func=FILE_CHECK path=/usr/**\n"
           "appraise fowner=0\ndont_appraise\n"},
          {"kernel", "measure func=KEY_CHECK keyrings=.ima\n"},
          {"labels", "measure func=BPRM_CHECK\nmeasure obj_type=a\n"},
      }};
  ByteVector uses;
  for (std::uint32_t i = 0, state = 1; i < 400; ++i) {
    state = state * 1664525 + 1013904223;
    uses.push_back(std::byte(state >> 24));
  }
  for (const auto& [name, text] : kPolicies) {
    ByteVector choices = AsPolicyChoices(text);
    AppendBytes(choices, uses);
    Write(folder / name, choices);
  }
  ByteVector includes = AsPolicyChoices("appraise uid=0\ninclude x\naudit\n");
  AppendBytes(includes, AsPolicyChoices("set a 5\ninclude x\nhash gid=@a\n"));
  AppendBytes(includes, AsPolicyChoices("measure uid=@a\n"));
  AppendBytes(includes, uses);
  Write(folder / "includes", includes);
}

void WriteMeasuredFilesSeeds(const std::filesystem::path& folder) {
  const auto record =
      MakeImaNgRecord(12, MakeDigest(HashAlgorithm::kSha256), "/a").value();
  ByteVector log;
  EncodeRecord(record, log);
  Write(folder / "binary", log);
  const std::string line = ToAscii(record) + "\n";
  Write(folder / "text", AsBytes(line));
  const std::string start = "10 " + std::string(40, '1') + " ";
  const std::string digest = std::string(40, '5') + " /a";
  Write(folder / "templates",
        AsBytes(start + "ima-sig sha1:" + digest + " 0302\n" + start +
                "ima-ngv2 ima:sha1:" + digest + "\n" + start +
                "ima-sigv2 verity:sha1:" + digest + " \n" + start +
                "ima-buf sha1:" + digest + " 00\n"));
  Write(folder / "violation",
        AsBytes("10 " + std::string(40, '0') +
                " ima-ng sha1:" + std::string(40, '0') + " /a\n"));
}

}  // namespace
}  // namespace assayfs

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: make-seeds CORPUS_FOLDER\n";
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  assayfs::WriteRpmSeeds(folder / "rpm_header");
  assayfs::WriteMetadataSeeds(folder / "rpm_file_metadata");
  assayfs::WriteTlvSeeds(folder / "tlv");
  assayfs::WriteSignatureSeeds(folder / "appended_signature");
  assayfs::WriteImaSeeds(folder / "ima_log");
  for (const char* name : {"list_name", "openpgp_structure", "pkcs7_structure",
                           "policy", "rpm_structure", "tlv_structure"}) {
    assayfs::WriteChoices(folder / name);
  }
  assayfs::WritePolicySeeds(folder / "policy");
  assayfs::WriteMeasuredFilesSeeds(folder / "measured_files");
  return 0;
}
