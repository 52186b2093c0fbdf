#include "protocol/common/nearest_path.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

TEST(NearestPath, IsTheOneThatWasMeant) {
    for (const auto& [asked, meant] : {
             std::pair{"/1.1/media/upload", "/1.1/media/upload.json"},
             {"/1.1/media/upload.json/", "/1.1/media/upload.json"},
             {"/1.1/media/upload/", "/1.1/media/upload.json"},
             {"/media/upload.json", "/1.1/media/upload.json"},
             {"/1.1/media/upload.json/initialize", "/2/media/upload/initialize"},
             {"/1.1/media/upload/123/append", "/2/media/upload/123/append"},
             {"/2/media/upload/", "/2/media/upload"},
             {"/2/media/upload.json", "/2/media/upload"},
             {"/2/media/upload/append", "/2/media/upload/{id}/append"},
             {"/2/media/upload/123", "/2/media/upload?media_id=123"},
             {"/2/media/upload/initialise", "/2/media/upload/initialize"},
             {"/1.1/media/metadata/create", "/1.1/media/metadata/create.json"},
         }) {
        const auto nearest = nearest_path(asked);
        ASSERT_TRUE(nearest) << asked;
        EXPECT_EQ(nearest->path, meant);
    }
    EXPECT_FALSE(nearest_path("/"));
    EXPECT_FALSE(nearest_path("/somewhere/else/entirely"));
}

}  // namespace
}  // namespace sluice::protocol
