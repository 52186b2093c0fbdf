// The suite that every KeyStore passes; see metadata_store_suite.hpp for how an engine's test
// program uses it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "store/key_store.hpp"

namespace sluice {

struct KeyStoreUnderTest {
    virtual ~KeyStoreUnderTest() = default;
    virtual KeyStore& store() = 0;
};
using KeyStoreFactory = std::function<std::unique_ptr<KeyStoreUnderTest>()>;

class KeyStoreSuite : public testing::TestWithParam<KeyStoreFactory> {
  protected:
    KeyStore& store() { return under_test_->store(); }

  private:
    std::unique_ptr<KeyStoreUnderTest> under_test_ = GetParam()();
};

// A key whose credentials are made of its number.
StoredKey key_for_test(std::uint64_t id);

}  // namespace sluice
