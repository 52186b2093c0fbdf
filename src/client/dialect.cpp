#include "client/dialect.hpp"

#include <random>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.hpp"
#include "base/text.hpp"

namespace sluice::client {
namespace {

using Fields = std::vector<std::pair<std::string_view, std::string>>;

// 128 random bits: no media holds this line by chance, and none by intent.
std::string random_boundary() {
    constexpr std::string_view digits = "0123456789abcdef";
    std::random_device device;
    std::string boundary = "sluice-";
    for (int i = 0; i < 32; ++i) {
        boundary += digits[device() % digits.size()];
    }
    return boundary;
}

HttpRequest form(std::string url, const Fields& fields) {
    auto request = HttpRequest{.method = "POST", .url = std::move(url)};
    for (const auto& [name, value] : fields) {
        request.body += request.body.empty() ? "" : "&";
        request.body += std::string(name) + "=" + percent_encode(value);
    }
    request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return request;
}

HttpRequest json_call(std::string url, std::string body) {
    return {
        .method = "POST",
        .url = std::move(url),
        .headers = {{"Content-Type", "application/json"}},
        .body = std::move(body)
    };
}

// The only place where X writes categories so.
std::string_view pascal_category(const SubtitleFacts& facts) {
    return facts.is_amplify_video ? "AmplifyVideo" : "TweetVideo";
}

// The fields first, the media last: a server may then judge before the bytes come.
HttpRequest multipart(std::string url, const Fields& fields, FileSlice slice) {
    const auto boundary = random_boundary();
    auto request = HttpRequest{.method = "POST", .url = std::move(url)};
    request.headers.emplace_back("Content-Type", "multipart/form-data; boundary=" + boundary);
    for (const auto& [name, value] : fields) {
        request.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"";
        request.body += std::string(name) + "\"\r\n\r\n" + value + "\r\n";
    }
    request.body += "--" + boundary + "\r\nContent-Disposition: form-data; name=\"media\"; ";
    request.body += "filename=\"blob\"\r\nContent-Type: application/octet-stream\r\n\r\n";
    request.slice = slice;
    request.body_end = "\r\n--" + boundary + "--\r\n";
    return request;
}

class XV1 final : public Dialect {
  public:
    explicit XV1(const std::string& server)
        : calls_(server + "/1.1/media/"), url_(calls_ + "upload.json") {}

    HttpRequest init(const InitFacts& facts) const override {
        auto fields = Fields{
            {"command", "INIT"},
            {"total_bytes", std::to_string(facts.total_bytes)},
            {"media_type", facts.media_type}
        };
        if (!facts.category.empty()) {
            fields.emplace_back("media_category", facts.category);
        }
        return form(url_, fields);
    }

    HttpRequest append(const std::string& media_id, std::uint32_t index, FileSlice slice)
        const override {
        const auto fields = Fields{
            {"command", "APPEND"}, {"media_id", media_id}, {"segment_index", std::to_string(index)}
        };
        return multipart(url_, fields, slice);
    }

    HttpRequest finalize(const std::string& media_id) const override {
        return form(url_, {{"command", "FINALIZE"}, {"media_id", media_id}});
    }

    HttpRequest status(const std::string& media_id) const override {
        return {.url = url_ + "?command=STATUS&media_id=" + percent_encode(media_id)};
    }

    HttpRequest alt_text(const std::string& media_id, const std::string& text) const override {
        JsonWriter body;
        body.begin_object().member("media_id", media_id).key("alt_text").begin_object();
        body.member("text", text).end_object().end_object();
        return json_call(calls_ + "metadata/create.json", body.take());
    }

    HttpRequest subtitles(const SubtitleFacts& facts) const override {
        JsonWriter body;
        body.begin_object().member("media_id", facts.video_id);
        body.member("media_category", pascal_category(facts)).key("subtitle_info").begin_object();
        body.key("subtitles").begin_array().begin_object().member("media_id", facts.subtitles_id);
        body.member("language_code", facts.language).member("display_name", facts.language);
        body.end_object().end_array().end_object().end_object();
        return json_call(calls_ + "subtitles/create.json", body.take());
    }

  private:
    std::string calls_;
    std::string url_;
};

class XV2 final : public Dialect {
  public:
    explicit XV2(const std::string& server)
        : calls_(server + "/2/media/"), url_(calls_ + "upload") {}

    HttpRequest init(const InitFacts& facts) const override {
        JsonWriter body;
        body.begin_object();
        body.member("media_type", facts.media_type).member("total_bytes", facts.total_bytes);
        if (!facts.category.empty()) {
            body.member("media_category", facts.category);
        }
        body.end_object();
        return json_call(url_ + "/initialize", body.take());
    }

    HttpRequest append(const std::string& media_id, std::uint32_t index, FileSlice slice)
        const override {
        const auto fields = Fields{{"segment_index", std::to_string(index)}};
        return multipart(url_ + "/" + percent_encode(media_id) + "/append", fields, slice);
    }

    // No body; the empty Content-Type keeps libcurl from calling it a form.
    HttpRequest finalize(const std::string& media_id) const override {
        return {
            .method = "POST",
            .url = url_ + "/" + percent_encode(media_id) + "/finalize",
            .headers = {{"Content-Type", ""}}
        };
    }

    HttpRequest status(const std::string& media_id) const override {
        return {.url = url_ + "?media_id=" + percent_encode(media_id)};
    }

    HttpRequest alt_text(const std::string& media_id, const std::string& text) const override {
        JsonWriter body;
        body.begin_object().member("id", media_id).key("metadata").begin_object();
        body.key("alt_text").begin_object().member("text", text);
        body.end_object().end_object().end_object();
        return json_call(calls_ + "metadata", body.take());
    }

    HttpRequest subtitles(const SubtitleFacts& facts) const override {
        JsonWriter body;
        body.begin_object().member("id", facts.video_id);
        body.member("media_category", pascal_category(facts)).key("subtitles").begin_object();
        body.member("id", facts.subtitles_id).member("language_code", facts.language);
        body.member("display_name", facts.language).end_object().end_object();
        return json_call(calls_ + "subtitles", body.take());
    }

  private:
    std::string calls_;
    std::string url_;
};

}  // namespace

std::unique_ptr<Dialect> make_x1(std::string server) {
    return std::make_unique<XV1>(server);
}

std::unique_ptr<Dialect> make_x2(std::string server) {
    return std::make_unique<XV2>(server);
}

}  // namespace sluice::client
