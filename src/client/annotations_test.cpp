#include "client/annotations.hpp"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

TEST(SubtitleFile, HasItsLanguageBehindTheLastColon) {
    struct Row {
        const char* text;
        const char* path;
        const char* language;
    };
    for (const auto& row :
         {Row{"talk.srt", "talk.srt", "EN"},
          Row{"talk.srt:de", "talk.srt", "DE"},
          Row{"a:b/talk.srt:pt-BR", "a:b/talk.srt", "PT"},
          Row{"a:b/talk.srt", "a:b/talk.srt", "EN"},
          Row{"talk:1", "talk:1", "EN"}}) {
        const auto found = parse_subtitle_file(row.text);
        EXPECT_EQ(found.path, row.path);
        EXPECT_EQ(found.language, row.language);
    }
}

}  // namespace
}  // namespace sluice::client
