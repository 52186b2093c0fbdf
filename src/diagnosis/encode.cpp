#include "diagnosis/encode.hpp"

namespace sluice::diagnosis {
namespace {

void append_members(JsonWriter& json, const Verdict& verdict, std::string_view docs) {
    json.member("code", verdict.code)
        .member("confidence", name_of(verdict.confidence))
        .member("title", verdict.title)
        .member("facts", verdict.facts)
        .member("hint", verdict.hint);
    json.key("next");
    if (verdict.next) {
        json.begin_object()
            .member("method", verdict.next->method)
            .member("url", verdict.next->url)
            .member("curl", verdict.next->curl)
            .end_object();
    } else {
        json.null();
    }
    json.key("doc_url");
    if (docs.empty() || !verdict.is_problem()) {
        json.null();
    } else {
        json.value(std::string(docs) + verdict.code);
    }
}

}  // namespace

void append_verdicts(JsonWriter& json, std::span<const Verdict> verdicts, std::string_view docs) {
    json.member("healthy", !verdicts.front().is_problem());
    append_members(json, verdicts.front(), docs);
    json.key("verdicts").begin_array();
    for (const Verdict& verdict : verdicts) {
        json.begin_object();
        append_members(json, verdict, docs);
        json.end_object();
    }
    json.end_array();
}

}  // namespace sluice::diagnosis
