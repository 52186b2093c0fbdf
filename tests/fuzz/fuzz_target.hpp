// The function that each fuzz target defines. libFuzzer calls it (preset fuzz), and so does
// replay_main.cpp in the ordinary tests. It aborts (SLUICE_ASSERT) when a property does not hold,
// and is deterministic.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
