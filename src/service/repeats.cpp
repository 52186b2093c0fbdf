#include "service/repeats.hpp"

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::size_t text_max = 200;   // of each member that a caller may choose
constexpr std::size_t asked_max = 500;  // of all, where it is shown

std::string shown(std::string_view text) {
    return printable(std::string(text.substr(0, text_max)));
}

std::string asked_text(const CreateUpload& wanted, std::string_view content) {
    std::string text = "total_bytes=" + std::to_string(wanted.total.value) +
                       " media_type=" + shown(wanted.media_type) +
                       " media_category=" + shown(wanted.category);
    if (!wanted.additional_owners.empty()) {
        text += " additional_owners=";
        for (const std::uint64_t owner : wanted.additional_owners) {
            text += (text.ends_with('=') ? "" : ",") + std::to_string(owner);
        }
    }
    text += wanted.is_shared ? " shared=true" : "";
    return content.empty() ? text : text + " " + std::string(content);
}

Error reused(const Repeated& before, const RepeatKey& now) {
    return {
        .code = ErrorCode::idempotency_key_reused,
        .facts = "Under Idempotency-Key \"" + printable(now.key) + "\" upload " +
                 before.upload.text() + " was made with " + printable(before.asked, asked_max) +
                 "; now came " + printable(now.asked, asked_max) + ".",
        .media_id = before.upload.value,
    };
}

// More than the media may be expected: fields behind it, base64 in lines. Less only by what it may end with: a line
// end, padding.
bool is_too_short(const Upload& before, ByteCount expected) {
    constexpr std::uint64_t missing_max = 8;
    return expected.value + missing_max < before.total.value;
}

}  // namespace

std::optional<RepeatKey> repeat_key_of(const CreateUpload& wanted, std::string_view content) {
    if (wanted.idempotency_key.empty()) {
        return std::nullopt;
    }
    return RepeatKey{wanted.idempotency_key, asked_text(wanted, content)};
}

Result<std::optional<Upload>> made_before(
    const UploadServices& services,
    const CreateUpload& wanted,
    const std::optional<RepeatKey>& repeat
) {
    using Found = std::optional<Upload>;
    if (!repeat) {
        return Found();
    }
    const auto before =
        services.metadata.find_repeat(wanted.owner, repeat->key, services.clock.now());
    if (!before || !*before) {
        return before ? Result<Found>(Found()) : before.error();
    }
    if ((*before)->asked != repeat->asked) {
        return reused(**before, *repeat);
    }
    auto upload = services.metadata.find(wanted.owner, (*before)->upload);
    if (!upload) {
        return std::move(upload).error();
    }
    if (wanted.was_made_before != nullptr) {
        *wanted.was_made_before = true;
    }
    return Found(*std::move(upload));
}

Result<std::optional<KnownUpload>> known_under_key(
    const UploadServices& services, const CreateUpload& wanted, std::optional<ByteCount> expected
) {
    using Found = std::optional<KnownUpload>;
    if (wanted.idempotency_key.empty()) {
        return Found();
    }
    const auto before =
        services.metadata.find_repeat(wanted.owner, wanted.idempotency_key, services.clock.now());
    if (!before || !*before) {
        return before ? Result<Found>(Found()) : before.error();
    }
    auto upload = services.metadata.find(wanted.owner, (*before)->upload);
    if (!upload) {
        return std::move(upload).error();
    }
    const auto refusal = [&](const std::string& bytes) {
        return reused(**before, {wanted.idempotency_key, "one call with " + bytes + " bytes"});
    };
    if (expected && upload->one_shot && is_too_short(*upload, *expected)) {
        return refusal("about " + std::to_string(expected->value));
    }
    Error longer = refusal("more than " + std::to_string(upload->total.value));
    return Found({*std::move(upload), std::move(longer)});
}

}  // namespace sluice
