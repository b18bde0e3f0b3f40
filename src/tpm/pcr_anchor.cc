// SPDX-License-Identifier: Apache-2.0
// PcrAnchor: brings a PCR to the value that the records of a log give.
#include "tpm/pcr_anchor.h"

#include <string>
#include <utility>

namespace assayfs {
namespace {

// Returns what record extends into each bank of values.
Result<std::vector<Digest>> Inputs(const ImaRecord& record,
                                   const std::vector<Digest>& values) {
  std::vector<Digest> inputs;
  for (const Digest& value : values) {
    const auto input = PcrInput(record, value.algorithm());
    if (!input) return Fail(input.error());
    inputs.push_back(*input);
  }
  return inputs;
}

Result<std::vector<Digest>> After(const std::vector<Digest>& values,
                                  const std::vector<Digest>& inputs) {
  std::vector<Digest> after;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto value = ExtendPcr(values[i], inputs[i]);
    if (!value) return Fail(value.error());
    after.push_back(*value);
  }
  return after;
}

}  // namespace

Result<PcrAnchor> PcrAnchor::Create(TpmConnection& tpm, std::uint32_t pcr) {
  auto banks = tpm.AllocatedBanks(pcr);
  if (!banks) return Fail(banks.error());
  if (banks->empty()) {
    return Fail(ENODEV, "TPM: PCR " + std::to_string(pcr) + " is in no bank");
  }
  PcrAnchor anchor;
  anchor.pcr_ = pcr;
  anchor.banks_ = std::move(*banks);
  for (const HashAlgorithm bank : anchor.banks_) {
    const auto empty = EmptyPcr(bank);
    if (!empty) return Fail(empty.error());
    anchor.values_.push_back(*empty);
  }
  return anchor;
}

void PcrAnchor::Add(const ImaRecord& record) {
  if (record.pcr == pcr_) pending_.push_back(record);
}

Result<PcrAnchor::Position> PcrAnchor::Find(TpmConnection& tpm) const {
  Position position;
  for (const HashAlgorithm bank : banks_) {
    const auto value = tpm.Read(pcr_, bank);
    if (!value) return Fail(value.error());
    position.values.push_back(*value);
  }
  std::vector<Digest> values = values_;
  std::size_t count = 0;
  while (values != position.values) {
    if (count == pending_.size()) return position;
    const auto inputs = Inputs(pending_[count], values);
    if (!inputs) return Fail(inputs.error());
    auto after = After(values, *inputs);
    if (!after) return Fail(after.error());
    values = std::move(*after);
    ++count;
  }
  position.extended = count;
  return position;
}

void PcrAnchor::Adopt(const Position& position) {
  values_ = position.values;
  if (!position.extended) {
    diverged_ = true;
    return;
  }
  pending_.erase(
      pending_.begin(),
      pending_.begin() + static_cast<std::ptrdiff_t>(*position.extended));
}

Result<void> PcrAnchor::ExtendPending(TpmConnection& tpm) {
  while (!pending_.empty()) {
    const auto inputs = Inputs(pending_.front(), values_);
    if (!inputs) return Fail(inputs.error());
    auto after = After(values_, *inputs);
    if (!after) return Fail(after.error());
    auto extended = tpm.Extend(pcr_, *inputs);
    if (!extended) return extended;
    values_ = std::move(*after);
    pending_.pop_front();
    ++extends_;
  }
  return {};
}

void PcrAnchor::DropPending() {
  pending_.clear();
  diverged_ = true;
}

}  // namespace assayfs
