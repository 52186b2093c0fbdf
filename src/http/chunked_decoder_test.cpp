#include "http/chunked_decoder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace sluice::http {
namespace {

struct Decoded {
    std::string data;
    std::string rest;
    bool is_done = false;
    bool is_refused = false;
    std::vector<HeaderField> trailers;
};

// Gives `text` in two pieces, cut at `cut`, to one decoder.
Decoded decode(std::string_view text, std::size_t cut) {
    ChunkedDecoder decoder;
    Decoded decoded;
    for (const auto piece : {text.substr(0, cut), text.substr(cut)}) {
        auto input = std::as_bytes(std::span(piece));
        while (!input.empty() && !decoder.is_done()) {
            if (!decoder.eat_framing(input)) {
                decoded.is_refused = true;
                return decoded;
            }
            const auto count = std::min<std::uint64_t>(decoder.data_due(), input.size());
            decoded.data.append(reinterpret_cast<const char*>(input.data()), count);
            if (count > 0) {
                decoder.data_taken(count);
            }
            input = input.subspan(count);
        }
        decoded.rest.append(reinterpret_cast<const char*>(input.data()), input.size());
    }
    decoded.is_done = decoder.is_done();
    decoded.trailers = decoder.trailers();
    return decoded;
}

void expect_at_every_cut(std::string_view text, std::string_view data, std::string_view rest) {
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const auto decoded = decode(text, cut);
        EXPECT_TRUE(decoded.is_done && !decoded.is_refused) << text << " cut at " << cut;
        EXPECT_EQ(decoded.data, data) << "cut at " << cut;
        EXPECT_EQ(decoded.rest, rest) << "cut at " << cut;
    }
}

TEST(ChunkedDecoder, GivesTheSameDataWhereverTheInputIsCut) {
    expect_at_every_cut("0\r\n\r\n", "", "");
    expect_at_every_cut("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET /", "hello world", "GET /");
    expect_at_every_cut("A;name=\"v\"\r\n0123456789\r\n00\r\nX-A: b\r\n\r\n", "0123456789", "");
    expect_at_every_cut("2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "");
}

TEST(ChunkedDecoder, KeepsTrailers) {
    const auto decoded = decode("0\r\nUpload-Checksum: sha1 x\r\nB:\r\n\r\n", 3);
    ASSERT_EQ(decoded.trailers.size(), 2u);
    EXPECT_EQ(decoded.trailers[0].name, "Upload-Checksum");
    EXPECT_EQ(decoded.trailers[0].value, "sha1 x");
}

const std::string refused_bodies[] = {
    "0x5\r\nhello\r\n",
    "+5\r\nhello\r\n",
    "-5\r\nhello\r\n",
    " 5\r\nhello\r\n",
    "5 \r\nhello\r\n",
    "1_0\r\nhello\r\n",
    "\r\n",
    ";x\r\n",
    "00000000000000005\r\nhello\r\n",
    "8000000000000000\r\nhello\r\n",
    "ffffffffffffffff\r\nhello\r\n",
    "5\nhello\r\n",
    "5;a\nhello\r\n",
    "5;a\x01\r\nhello\r\n",
    "5;" + std::string(64 * 1024, 'x') + "\r\nhello\r\n",
    "5\r\nhello0\r\n\r\n",
    "5\r\nhello\n0\r\n\r\n",
    "5\r\nhello\rX",
    "0\r\nContent-Length: 5\r\n\r\n",
    "0\r\nTRANSFER-encoding: chunked\r\n\r\n",
    "0\r\nHost: a\r\n\r\n",
    "0\r\nA : b\r\n\r\n",
    "0\r\n folded\r\n\r\n",
    "0\r\nA: b\n\r\n",
    "0\r\nA: b\rC",
    "0\r\nA: " + std::string(10'000, 'x') + "\r\n\r\n",
};

TEST(ChunkedDecoder, RefusesWhatMakesTheFramingDoubtful) {
    for (const auto& body : refused_bodies) {
        for (std::size_t cut = 0; cut <= std::min<std::size_t>(body.size(), 40); ++cut) {
            EXPECT_TRUE(decode(body, cut).is_refused) << body.substr(0, 40) << " cut at " << cut;
        }
    }
}

TEST(ChunkedDecoder, SaysHowMuchDataIsDue) {
    ChunkedDecoder decoder;
    const std::string_view text = "7fffffffffffff\r\nabc";
    auto input = std::as_bytes(std::span(text));
    ASSERT_TRUE(decoder.eat_framing(input));
    EXPECT_EQ(decoder.data_due(), 0x7fffffffffffffu);
    EXPECT_EQ(input.size(), 3u);
}

}  // namespace
}  // namespace sluice::http
