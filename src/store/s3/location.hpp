// Where an S3 store is: what --storage says, taken apart.
//   s3://BUCKET[/PREFIX][?endpoint=http://HOST:PORT][&region=R][&style=path|virtual][&profile=P]
//        [&public=https://HOST]
// Without an endpoint it is AWS, in the region. An endpoint of one's own is addressed by path
// (http://host:port/bucket/key) unless `style` says otherwise. `public`: the endpoint as those reach
// it who are redirected; the same if it is not said. Credentials never stand in it.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace sluice::s3 {

struct Endpoint {
    std::string scheme = "https";
    std::string host;  // with a port that is not the scheme's
    bool is_by_path = false;

    // What goes into the URL before the key, and into its path: host, "/bucket" or nothing.
    std::string host_for(const std::string& bucket) const;
    std::string path_for(const std::string& bucket) const;
};

struct Location {
    std::string bucket;
    std::string prefix;  // empty, or ends in '/'
    std::string region;  // of the URL, else AWS_REGION, AWS_DEFAULT_REGION, else us-east-1
    std::string profile;
    Endpoint endpoint;
    Endpoint for_readers;

    // For people: "the bucket B at http://HOST".
    std::string shown() const;
};

// The text says what is wrong with the URL, as "must be …" goes on.
std::expected<Location, std::string> parse_location(const std::string& url);
// Of a URL that was refused: without a user's part and without what is not known by its name.
std::string masked_url(std::string_view url);

}  // namespace sluice::s3
