#include "service/expected_cost.hpp"

#include <gtest/gtest.h>

#include "media/cost_model.hpp"
#include "media/film_header.hpp"
#include "store/memory/memory_blob_store.hpp"

namespace sluice {
namespace {

std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        text += static_cast<char>(value >> shift & 0xffU);
    }
    return text;
}

std::string box(std::string_view name, const std::string& body) {
    return number(8 + body.size(), 4).append(name) + body;
}

// 300 pictures of 1280x720, behind so many bytes of media.
std::string film(std::size_t media_bytes) {
    const auto head =
        std::string(76, '\0') + number(1280, 2) + number(0, 2) + number(720, 2) + number(0, 2);
    const auto table = box("stbl", box("stsz", number(0, 8) + number(300, 4)));
    const auto media = box("mdia", box("hdlr", number(0, 8) + "vide") + box("minf", table));
    return box("ftyp", "isom") + box("mdat", std::string(media_bytes, 'x')) +
           box("moov", box("trak", box("tkhd", head) + media));
}

class ExpectedCost : public ::testing::Test {
  protected:
    // The content, cut into pieces of this length.
    std::chrono::milliseconds of(const std::string& content, std::size_t piece_bytes) {
        Upload upload;
        upload.category = Category::tweet_video;
        upload.total = {content.size()};
        std::vector<Extent> layout;
        for (std::size_t at = 0; at < content.size(); at += piece_bytes) {
            auto writer = blobs_.stage(BlobId{++last_blob_});
            const auto piece = std::string_view(content).substr(at, piece_bytes);
            EXPECT_TRUE((*writer)->write(std::as_bytes(std::span(piece))));
            layout.push_back(*(*writer)->commit());
        }
        return expected_cost(blobs_, upload, layout);
    }

    static std::chrono::milliseconds by_size(const std::string& content) {
        return wall_expected(Category::tweet_video, {content.size()});
    }

    MemoryBlobStore blobs_;
    std::uint64_t last_blob_ = 0;
};

TEST_F(ExpectedCost, IsThatOfThePicturesHoweverTheFilmIsCut) {
    const FilmHeader header{.width = 1280, .height = 720, .frames = 300};
    const auto content = film(600'000);
    EXPECT_NE(by_size(content), wall_expected(header));
    for (const std::size_t piece : {content.size(), std::size_t{100'000}, std::size_t{1111}}) {
        EXPECT_EQ(of(content, piece), wall_expected(header)) << piece;
    }
}

TEST_F(ExpectedCost, IsThatOfTheSizeWhereNoIndexTells) {
    const std::string garbage(600'000, 'x');
    EXPECT_EQ(of(garbage, garbage.size()), by_size(garbage));
    const auto content = film(600'000);
    const auto cut = content.substr(0, content.size() - 60);
    EXPECT_EQ(of(cut, cut.size()), by_size(cut));
}

TEST_F(ExpectedCost, OfWhatIsSmallIsNotReadFromItsBytes) {
    const auto content = film(1000);
    EXPECT_EQ(of(content, content.size()), by_size(content));
}

}  // namespace
}  // namespace sluice
