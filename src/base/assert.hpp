// SLUICE_ASSERT states what we guarantee ourselves, and is always on. Data from outside is never
// asserted: it is checked, and refused with an Error.
#pragma once

namespace sluice {
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);
}

#define SLUICE_ASSERT(expression)        \
    ((expression) ? static_cast<void>(0) \
                  : ::sluice::assertion_failed(#expression, __FILE__, __LINE__))
