// The suite that every AttachmentStore passes; see metadata_store_suite.hpp for how it is used.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "store/attachment_store.hpp"

namespace sluice {

struct AttachmentStoreUnderTest {
    virtual ~AttachmentStoreUnderTest() = default;
    virtual AttachmentStore& store() = 0;
};
using AttachmentStoreFactory = std::function<std::unique_ptr<AttachmentStoreUnderTest>()>;

class AttachmentStoreSuite : public testing::TestWithParam<AttachmentStoreFactory> {
  protected:
    AttachmentStore& store() { return under_test_->store(); }
    Attachments of(std::uint64_t id);

  private:
    std::unique_ptr<AttachmentStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace sluice
