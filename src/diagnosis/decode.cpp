#include "diagnosis/decode.hpp"

#include "diagnosis/json_reading.hpp"

namespace sluice::diagnosis {
namespace {

namespace json = boost::json;

Verdict verdict_of(const json::object& object) {
    Verdict verdict;
    verdict.code = text_of(object, "code");
    const std::string confidence = text_of(object, "confidence");
    verdict.confidence = confidence == "certain"  ? Confidence::certain
                         : confidence == "likely" ? Confidence::likely
                                                  : Confidence::possible;
    verdict.title = text_of(object, "title");
    verdict.facts = text_of(object, "facts");
    verdict.hint = text_of(object, "hint");
    if (const auto* next = object_of(object, "next")) {
        verdict.next =
            NextCall{text_of(*next, "method"), text_of(*next, "url"), text_of(*next, "curl")};
    }
    return verdict;
}

}  // namespace

std::optional<std::vector<Verdict>> parse_verdicts(std::string_view body) {
    const auto value = parse_bounded(body);
    const auto* object = value ? value->if_object() : nullptr;
    const auto* list = object != nullptr ? array_of(*object, "verdicts") : nullptr;
    std::vector<Verdict> verdicts;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        if (const auto* one = (*list)[i].if_object()) {
            verdicts.push_back(verdict_of(*one));
        }
    }
    return verdicts.empty() ? std::nullopt : std::optional(std::move(verdicts));
}

}  // namespace sluice::diagnosis
