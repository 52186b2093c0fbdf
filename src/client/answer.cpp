#include "client/answer.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>

#include "base/text.hpp"
#include "client/retry.hpp"

namespace sluice::client {
namespace {

namespace json = boost::json;

std::optional<json::object> object_of(const std::string& body) {
    json::error_code error;
    auto root = json::parse(body, error);
    if (error || !root.is_object()) {
        return std::nullopt;
    }
    return std::move(root.as_object());
}

const json::object* member_object(const json::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    return found == nullptr ? nullptr : found->if_object();
}

const json::array* member_array(const json::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    return found == nullptr ? nullptr : found->if_array();
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* found = object.if_contains(name);
    const auto* text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string() : std::string(text->c_str(), text->size());
}

std::optional<std::uint64_t> number(const json::value* value) {
    if (value == nullptr || !value->is_number()) {
        return std::nullopt;
    }
    json::error_code error;
    const auto n = value->to_number<std::uint64_t>(error);
    return error ? std::nullopt : std::optional(n);
}

std::optional<std::uint64_t> number_of(const json::object& object, std::string_view name) {
    return number(object.if_contains(name));
}

std::optional<int> percent_of(const json::object& object) {
    const auto n = number_of(object, "progress_percent");
    return n ? std::optional(static_cast<int>(std::min<std::uint64_t>(*n, 100))) : std::nullopt;
}

std::optional<std::chrono::seconds> check_after_of(const json::object& object) {
    const auto n = number_of(object, "check_after_secs");
    constexpr std::uint64_t day = 86'400;
    return n ? std::optional(std::chrono::seconds(std::min(*n, day))) : std::nullopt;
}

Processing processing_of(const json::object& object) {
    auto processing = Processing{
        .state = text_of(object, "state"),
        .check_after = check_after_of(object),
        .percent = percent_of(object),
        .error_name = {},
        .error_message = {}
    };
    if (const auto* error = member_object(object, "error")) {
        processing.error_name = text_of(*error, "name");
        processing.error_message = text_of(*error, "message");
    }
    return processing;
}

Output output_of(const json::object& object) {
    return {
        .name = text_of(object, "name"),
        .url = text_of(object, "url"),
        .content_type = text_of(object, "content_type"),
        .size_bytes = number_of(object, "size_bytes").value_or(0)
    };
}

// `processing` as in X's processing_info; its error is an object or a sentence.
void read_processing(const json::object& object, UploadView& upload) {
    const auto processing = processing_of(object);
    upload.percent = processing.percent;
    upload.check_after = processing.check_after;
    upload.error_message = processing.error_message;
    if (upload.error_message.empty()) {
        upload.error_message = text_of(object, "error");
    }
}

void read_missing(const json::object& segments, std::vector<std::uint32_t>& missing) {
    const auto* list = member_array(segments, "missing");
    if (list == nullptr) {
        return;
    }
    for (const auto& entry : *list) {
        if (const auto index = number(&entry); index && *index < 1000) {
            missing.push_back(static_cast<std::uint32_t>(*index));
        }
    }
}

void read_outputs(const json::object& object, std::vector<Output>& outputs) {
    const auto* list = member_array(object, "outputs");
    if (list == nullptr) {
        return;
    }
    for (const auto& entry : *list) {
        if (const auto* output = entry.if_object()) {
            outputs.push_back(output_of(*output));
        }
    }
}

UploadView upload_of(const json::object& object) {
    auto upload = UploadView{};
    upload.media_id = text_of(object, "media_id");
    upload.media_key = text_of(object, "media_key");
    upload.state = text_of(object, "state");
    upload.category = text_of(object, "category");
    upload.created_at = text_of(object, "created_at");
    upload.size_bytes = number_of(object, "size_bytes").value_or(0);
    upload.received_bytes = number_of(object, "received_bytes").value_or(0);
    if (const auto* processing = member_object(object, "processing")) {
        read_processing(*processing, upload);
    }
    if (const auto* segments = member_object(object, "segments")) {
        read_missing(*segments, upload.missing);
    }
    read_outputs(object, upload.outputs);
    return upload;
}

// The number is exact in our JSON, but the text form is the one to trust.
std::string media_id_of(const json::object& object) {
    for (const auto* name : {"media_id_string", "id", "media_id"}) {
        if (auto text = text_of(object, name); !text.empty()) {
            return text;
        }
    }
    const auto n = number_of(object, "media_id");
    return n ? std::to_string(*n) : std::string();
}

// `next` is a call with its curl line, or null.
std::string next_of(const json::object& object) {
    const auto* next = member_object(object, "next");
    return next == nullptr ? text_of(object, "next") : text_of(*next, "curl");
}

void read_members(const json::object& object, Failure& failure) {
    if (auto code = text_of(object, "code"); !code.empty()) {
        failure.code = code;
    }
    failure.message = text_of(object, "detail");
    failure.hint = text_of(object, "hint");
    failure.next = next_of(object);
    failure.doc_url = text_of(object, "doc_url");
    if (auto id = text_of(object, "request_id"); !id.empty()) {
        failure.request_id = id;
    }
}

std::string first_error_message(const json::object& object) {
    const auto* errors = member_array(object, "errors");
    if (errors == nullptr || errors->empty() || !errors->front().is_object()) {
        return {};
    }
    return text_of(errors->front().as_object(), "message");
}

void read_body(const std::string& body, Failure& failure) {
    const auto root = object_of(body);
    if (!root) {
        return;
    }
    const auto* ours = member_object(*root, "sluice");
    read_members(ours == nullptr ? *root : *ours, failure);
    if (failure.message.empty()) {
        failure.message = first_error_message(*root);
    }
    // X's second shape: {"request":"…","error":"…"}.
    for (const auto* name : {"error", "title"}) {
        if (failure.message.empty()) {
            failure.message = text_of(*root, name);
        }
    }
}

struct KindRow {
    std::string_view code;
    FailureKind kind;
};

// Codes that say more than their status.
constexpr std::array kind_rows{
    KindRow{"media_type_unsupported", FailureKind::refused},
    KindRow{"category_unknown", FailureKind::refused},
    KindRow{"category_type_conflict", FailureKind::refused},
    KindRow{"file_too_large", FailureKind::refused},
    KindRow{"too_many_segments_needed", FailureKind::refused},
    KindRow{"media_empty", FailureKind::refused},
    KindRow{"media_failed", FailureKind::processing},
    KindRow{"segment_conflict", FailureKind::integrity},
    KindRow{"segment_missing", FailureKind::integrity},
    KindRow{"size_mismatch", FailureKind::integrity},
    KindRow{"beyond_total_bytes", FailureKind::integrity},
    KindRow{"digest_mismatch", FailureKind::integrity},
    KindRow{"media_canceled", FailureKind::not_found},
    KindRow{"media_unknown", FailureKind::not_found},
    KindRow{"media_expired", FailureKind::not_found},
    // X says some of these with 400.
    KindRow{"auth_missing", FailureKind::auth},
    KindRow{"auth_malformed", FailureKind::auth},
    KindRow{"token_unknown", FailureKind::auth},
    KindRow{"oauth_signature", FailureKind::auth},
    KindRow{"oauth_timestamp", FailureKind::auth},
    KindRow{"oauth_nonce_reused", FailureKind::auth},
    KindRow{"too_many_failed_logins", FailureKind::auth},
};

FailureKind kind_by_status(int status) {
    if (status == 401 || status == 403) {
        return FailureKind::auth;
    }
    if (status == 404 || status == 410) {
        return FailureKind::not_found;
    }
    if (status == 413 || status == 415 || status == 422) {
        return FailureKind::refused;
    }
    return is_temporary(status) ? FailureKind::temporary : FailureKind::other;
}

}  // namespace

std::optional<Media> parse_media(const std::string& body) {
    const auto root = object_of(body);
    if (!root) {
        return std::nullopt;
    }
    const auto* data = member_object(*root, "data");
    const auto& object = data == nullptr ? *root : *data;
    auto media = Media{.media_id = media_id_of(object), .media_key = text_of(object, "media_key")};
    if (!parse_unsigned(media.media_id)) {
        return std::nullopt;
    }
    media.size = number_of(object, "size").value_or(0);
    if (const auto* info = member_object(object, "processing_info")) {
        media.processing = processing_of(*info);
    }
    return media;
}

std::optional<UploadView> parse_upload(const std::string& body) {
    const auto root = object_of(body);
    if (!root) {
        return std::nullopt;
    }
    auto upload = upload_of(*root);
    return upload.media_id.empty() ? std::nullopt : std::optional(std::move(upload));
}

std::optional<UploadPage> parse_uploads(const std::string& body) {
    const auto root = object_of(body);
    const auto* list = root ? member_array(*root, "data") : nullptr;
    if (list == nullptr) {
        return std::nullopt;
    }
    auto page = UploadPage{.uploads = {}, .next = text_of(*root, "next")};
    for (const auto& entry : *list) {
        if (const auto* upload = entry.if_object()) {
            page.uploads.push_back(upload_of(*upload));
        }
    }
    return page;
}

Failure failure_from(const HttpAnswer& answer) {
    auto failure = Failure{};
    failure.status = answer.status;
    failure.retry_after = answer.retry_after;
    failure.code = answer.error_code;
    failure.request_id = answer.request_id;
    read_body(answer.body, failure);
    if (failure.message.empty()) {
        failure.message = "the server answered " + std::to_string(answer.status);
    }
    if (failure.code.empty()) {
        failure.code = "http_" + std::to_string(answer.status);
    }
    const auto* row = std::ranges::find(kind_rows, failure.code, &KindRow::code);
    failure.kind = row == kind_rows.end() ? kind_by_status(answer.status) : row->kind;
    return failure;
}

}  // namespace sluice::client
