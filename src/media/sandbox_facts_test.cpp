#include "media/sandbox_facts.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(SandboxFacts, ComeBackAsTheyWere) {
    for (unsigned bits = 0; bits < 16; ++bits) {
        const SandboxFacts facts{
            .files = (bits & 1U) != 0,
            .network = (bits & 2U) != 0,
            .processes = (bits & 4U) != 0,
            .own_network = (bits & 8U) != 0,
            .landlock_version = static_cast<int>(bits),
        };
        EXPECT_EQ(decode_sandbox_facts(encode(facts)), facts);
        EXPECT_EQ(facts.holds(), (bits & 3U) == 3);
    }
}

TEST(SandboxFacts, WhatIsNoLineOfThemIsRefused) {
    for (const auto* line :
         {"",
          "\n",
          "walls 1111 landlock 7",
          "walls 1111 landlock \n",
          "walls 1211 landlock 7\n",
          "walls 111 landlock 7\n",
          "walls 1111 landlock -1\n",
          "walls 1111 landlock 7\nmore\n",
          "walls 1111 landlock 99999\n",
          "yes\n"}) {
        EXPECT_FALSE(decode_sandbox_facts(line)) << line;
    }
}

TEST(SandboxFacts, AreToldByName) {
    const SandboxFacts facts{.files = true, .network = true, .processes = true};
    EXPECT_EQ(walls_that(true, facts), "files, network, processes");
    EXPECT_EQ(walls_that(false, facts), "network namespace");
    EXPECT_EQ(walls_that(true, {}), "nothing");
}

}  // namespace
}  // namespace sluice
