// The suite that every DoubtStore passes; see metadata_store_suite.hpp for how it is used.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "store/doubt_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

struct DoubtStoreUnderTest {
    virtual ~DoubtStoreUnderTest() = default;
    virtual MetadataStore& uploads() = 0;
    virtual DoubtStore& store() = 0;
};
using DoubtStoreFactory = std::function<std::unique_ptr<DoubtStoreUnderTest>()>;

class DoubtStoreSuite : public testing::TestWithParam<DoubtStoreFactory> {
  protected:
    DoubtStore& store() { return under_test_->store(); }
    MetadataStore& uploads() { return under_test_->uploads(); }

  private:
    std::unique_ptr<DoubtStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace sluice
