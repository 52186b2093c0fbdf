#include "server/error_pages.hpp"

#include <gtest/gtest.h>

#include <array>

namespace sluice::server {
namespace {

TEST(ErrorPages, EachHasOneTitleAndEverySection) {
    constexpr std::array sections{
        "\n## Symptom\n",
        "\n## Causes, likeliest first\n",
        "\n## How to check\n",
        "\n## How to mend\n",
        "\n## Example\n",
        "\n## What X answers here\n",
        "\n## What Sluice answers\n"
    };
    for (const ErrorEntry& entry : error_catalogue()) {
        const std::string page = error_page(entry);
        EXPECT_TRUE(page.starts_with("# " + std::string(entry.slug) + "\n"));
        EXPECT_EQ(page.find("\n# "), std::string::npos) << entry.slug;
        for (const auto* section : sections) {
            EXPECT_TRUE(page.contains(section)) << entry.slug << section;
        }
    }
}

TEST(ErrorPages, ShowTheAnswerThatTheEncoderGives) {
    const std::string page = error_page(entry_of(ErrorCode::finalize_missing));
    EXPECT_TRUE(page.contains("HTTP/1.1 409 Conflict\n"));
    EXPECT_TRUE(page.contains("Sluice-Error: finalize_missing\n"));
    EXPECT_TRUE(
        page.contains("\"url\": \"http://127.0.0.1:8080/1.1/media/upload.json?command=FINALIZE"
                      "&media_id=1284554329119236097\"")
    );
    EXPECT_TRUE(
        page.contains("- v1.1: HTTP 503, `{\"errors\":[{\"message\":\"Over capacity\","
                      "\"code\":130}]}`")
    );
}

TEST(ErrorPages, ShowWhatProcessingFoundAsStatusTellsIt) {
    const std::string page = error_page(entry_of(ErrorCode::gop_too_long));
    EXPECT_TRUE(page.contains("HTTP/1.1 200 OK\n"));
    EXPECT_TRUE(page.contains("\"state\": \"failed\""));
}

TEST(ErrorPages, AreEscapedInHtml) {
    const std::string html = html_page("# a\n\n- `<b>` & **c**\n\n```http\n<script>\n```\n");
    EXPECT_TRUE(html.contains("<li><code>&lt;b&gt;</code> &amp; <strong>c</strong></li>"));
    EXPECT_TRUE(html.contains("<pre tabindex=\"0\">&lt;script&gt;\n</pre>"));
    EXPECT_FALSE(html.contains("<script"));
}

}  // namespace
}  // namespace sluice::server
