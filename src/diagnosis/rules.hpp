// The rules of diagnosis: each looks at a trace for mistakes of one kind and adds what it finds.
// Pure. Within diagnosis/ alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagnosis/story.hpp"
#include "diagnosis/verdict.hpp"

namespace sluice::diagnosis {

// What the rules look at.
struct Evidence {
    const Trace& trace;
    const std::vector<Story>& stories;

    // The upload with this id; nullptr: it was not seen.
    const Story* story_of(std::string_view media_id) const;
};
using Verdicts = std::vector<Verdict>;

// With title and hint of the catalogue.
Verdict verdict(
    std::string_view code, Confidence confidence, Stage stage, std::size_t call, std::string facts
);

// Whether a call that was refused succeeded later after all.
bool was_mended(const Evidence& evidence, std::size_t at);

// "POST /1.1/media/upload.json command=INIT (call 3) was answered 400 with 324: …".
std::string told(const Call& call, std::size_t at);

// One call, by what it carries and how it was refused.
void judge_access(const Evidence& evidence, std::size_t at, Verdicts& found);      // credentials
void judge_form(const Evidence& evidence, std::size_t at, Verdicts& found);        // the request
void judge_parameters(const Evidence& evidence, std::size_t at, Verdicts& found);  // its parameters
void judge_media(const Evidence& evidence, std::size_t at, Verdicts& found);       // its bytes
void judge_use(const Evidence& evidence, std::size_t at, Verdicts& found);    // ids that are used
void judge_rates(const Evidence& evidence, std::size_t at, Verdicts& found);  // rates, overload

// One upload, by the sequence of its calls.
void judge_finalize(const Story& story, Verdicts& found);
void judge_status(const Story& story, Verdicts& found);
void judge_polling(const Story& story, Verdicts& found);
void judge_processing(const Story& story, Verdicts& found);
// Several uploads together.
void judge_uploads(const Evidence& evidence, Verdicts& found);

// Why processing failed, by the words of it.
Verdict processing_verdict(
    std::string_view reason, std::string_view text, std::size_t at, Confidence confidence
);

}  // namespace sluice::diagnosis
