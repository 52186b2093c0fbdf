// The suite that every BlobStore passes. A test program of an engine instantiates it with a
// factory:
//   INSTANTIATE_TEST_SUITE_P(Memory, BlobStoreSuite, testing::Values(factory));
// Those that place segments within an upload's blob pass PlacingBlobStoreSuite as well.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/blob_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {

struct BlobStoreUnderTest {
    virtual ~BlobStoreUnderTest() = default;
    virtual BlobStore& store() = 0;
};
using BlobStoreFactory = std::function<std::unique_ptr<BlobStoreUnderTest>()>;

class BlobStoreSuite : public testing::TestWithParam<BlobStoreFactory> {
  protected:
    BlobStore& store() { return under_test_->store(); }
    const TemporaryFolder& scratch() const { return scratch_; }

    Extent staged(BlobId id, const std::vector<std::byte>& bytes);
    std::vector<std::byte> content(const Extent& extent);

  private:
    TemporaryFolder scratch_;
    std::unique_ptr<BlobStoreUnderTest> under_test_ = GetParam()();
};

class PlacingBlobStoreSuite : public BlobStoreSuite {
  protected:
    Extent placed(const Placement& placement, const std::vector<std::byte>& bytes);
};

// Bytes that differ by place and by seed.
std::vector<std::byte> test_bytes(std::size_t count, unsigned seed);
std::vector<std::byte> file_content(const std::string& path);
void write_file(const std::string& path, const std::vector<std::byte>& bytes);

}  // namespace sluice
