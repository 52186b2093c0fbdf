#include "media/failures.hpp"

#include <fmt/format.h>

namespace sluice {

ProcessingFailure invalid_media(std::string_view reason, std::string_view what) {
    return {1, "InvalidMedia", std::string(reason), fmt::format("file is invalid: {}", what)};
}

ProcessingFailure unsupported_media(std::string_view reason, std::string message) {
    return {3, "UnsupportedMedia", std::string(reason), std::move(message)};
}

ProcessingFailure internal_error(std::string_view reason, std::string message) {
    return {2, "InternalError", std::string(reason), std::move(message)};
}

ProcessingFailure type_mismatch(std::string_view declared, std::string_view found) {
    return invalid_media("TypeMismatch", fmt::format("declared {}, found {}", declared, found));
}

ProcessingFailure data_truncated(
    std::chrono::milliseconds end, std::chrono::milliseconds promised
) {
    return invalid_media(
        "Truncated", fmt::format("data ends at {} of {}", seconds_text(end), seconds_text(promised))
    );
}

std::string seconds_text(std::chrono::milliseconds duration) {
    const double seconds = static_cast<double>(duration.count()) / 1000;
    return duration.count() % 1000 == 0 ? fmt::format("{:.0f} s", seconds)
                                        : fmt::format("{:.1f} s", seconds);
}

}  // namespace sluice
