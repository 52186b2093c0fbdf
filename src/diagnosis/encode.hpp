// Verdicts as JSON, the same from the server and from the command line.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json_writer.hpp"
#include "diagnosis/verdict.hpp"

namespace sluice::diagnosis {

// Members code, confidence, title, facts, hint, next, doc_url of the first verdict, `healthy`, and
// `verdicts` with all of them (into an open object). `docs`: where the pages of the codes are, as
// "http://host/docs/errors/"; empty: doc_url is null.
void append_verdicts(JsonWriter& json, std::span<const Verdict> verdicts, std::string_view docs);

}  // namespace sluice::diagnosis
