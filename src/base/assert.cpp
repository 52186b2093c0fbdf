#include "base/assert.hpp"

#include <cstdlib>

#include "base/log.hpp"

namespace sluice {

void assertion_failed(const char* expression, const char* file, int line) {
    log::error("assertion_failed", expression, {{"file", file}, {"line", line}});
    log::settle();
    std::abort();
}

}  // namespace sluice
