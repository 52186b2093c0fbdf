#include "diagnosis/answer_reading.hpp"

#include <boost/json.hpp>

#include "base/text.hpp"
#include "diagnosis/json_reading.hpp"

namespace sluice::diagnosis {
namespace {

namespace json = boost::json;

constexpr std::size_t text_max = 500;

void read_errors(const json::object& body, Call& call) {
    const auto* errors = body.if_contains("errors");
    if (errors == nullptr || !errors->is_array() || errors->get_array().empty() ||
        !errors->get_array().front().is_object()) {
        return;
    }
    const json::object& first = errors->get_array().front().get_object();
    call.x_code = static_cast<int>(integer_of(first, "code").value_or(0));
    call.text = text_of(first, "message");
    // Our own v2 says the slug here.
    const std::string slug = text_of(first, "code");
    call.code = call.code.empty() ? slug : call.code;
}

void read_problem(const json::object& body, Call& call) {
    for (const char* name : {"detail", "error", "message", "title"}) {
        const std::string said = text_of(body, name);
        call.text = call.text.empty() ? said : call.text;
    }
    if (const json::object* ours = object_of(body, "sluice")) {
        call.code = text_of(*ours, "code");
        const std::string detail = text_of(*ours, "detail");
        call.text = detail.empty() ? call.text : detail;
    }
}

void read_processing(const json::object& media, Call& call) {
    const json::object* info = object_of(media, "processing_info");
    if (info == nullptr) {
        return;
    }
    call.state = text_of(*info, "state");
    if (const auto seconds = integer_of(*info, "check_after_secs")) {
        call.check_after = std::chrono::seconds(*seconds);
    }
    if (const json::object* error = object_of(*info, "error")) {
        call.processing_code = static_cast<int>(integer_of(*error, "code").value_or(0));
        call.processing_name = text_of(*error, "name");
        call.processing_text = text_of(*error, "message");
    }
}

void read_media(const json::object& media, Call& call) {
    std::string id = text_of(media, "media_id_string");
    id = id.empty() && media.contains("media_key") ? text_of(media, "id") : id;
    if (id.empty()) {
        const auto number = integer_of(media, "media_id");
        id = number ? std::to_string(*number) : "";
    }
    call.media_id = id.empty() ? call.media_id : id;
    call.expires_after = integer_of(media, "expires_after_secs");
    read_processing(media, call);
}

}  // namespace

void read_answer(std::string_view body, Call& call) {
    const auto parsed = parse_bounded(trim(body));
    if (!parsed || !parsed->is_object()) {
        const bool is_page = body.contains('<');
        call.text = is_page || !call.is_refusal() ? call.text : printable(trim(body), text_max);
        return;
    }
    const json::object& object = parsed->get_object();
    const json::object* data = object_of(object, "data");
    if (call.is_refusal()) {
        read_errors(object, call);
        read_problem(object, call);
    } else {
        read_media(data == nullptr ? object : *data, call);
    }
}

}  // namespace sluice::diagnosis
