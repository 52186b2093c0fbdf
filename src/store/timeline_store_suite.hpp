// The suite that every TimelineStore passes; see metadata_store_suite.hpp for how it is used.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>

#include "store/metadata_store.hpp"
#include "store/timeline_store.hpp"

namespace sluice {

struct TimelineStoreUnderTest {
    virtual ~TimelineStoreUnderTest() = default;
    virtual MetadataStore& uploads() = 0;
    virtual TimelineStore& store() = 0;
};
using TimelineStoreFactory = std::function<std::unique_ptr<TimelineStoreUnderTest>()>;

class TimelineStoreSuite : public testing::TestWithParam<TimelineStoreFactory> {
  protected:
    TimelineStore& store() { return under_test_->store(); }
    MetadataStore& uploads() { return under_test_->uploads(); }
    // Of `owner`, about an upload; in the store when it returns.
    void note(const Principal& owner, std::uint64_t id, std::vector<TimelineEvent> events);
    std::vector<TimelineEvent> events_of(const Principal& owner, std::uint64_t id);

  private:
    std::unique_ptr<TimelineStoreUnderTest> under_test_ = GetParam()();
};

}  // namespace sluice
