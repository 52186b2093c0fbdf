#include "loadgen/protocol.hpp"

#include <algorithm>
#include <string_view>

namespace sluice::bench {
namespace {

// The value of "name":"value" in JSON that is known to be flat enough for it.
std::string json_text(const std::string& json, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const auto at = json.find(mark);
    return at == std::string::npos
               ? ""
               : json.substr(at + mark.size(), json.find('"', at + mark.size()) - at - mark.size());
}

std::string length_line(std::uint64_t length) {
    return "Content-Length: " + std::to_string(length) + "\r\n\r\n";
}

class XProtocol : public Protocol {
  public:
    using Protocol::Protocol;

    std::optional<Request> create(const Upload& upload) const override {
        return form(
            "command=INIT&total_bytes=" + std::to_string(upload.size) +
            "&media_type=" + options_.media_type + "&media_category=" + options_.category
        );
    }
    bool take_created(const Answer& answer, Upload& upload) const override {
        upload.id = json_text(answer.body, "media_id_string");
        upload.key = json_text(answer.body, "media_key");
        return answer.status == 202 && !upload.id.empty();
    }
    Request send(const Upload& upload, const Chunk& chunk) const override {
        const std::string parts = field("command", "APPEND") + field("media_id", upload.id) +
                                  field("segment_index", std::to_string(chunk.index)) +
                                  "--part\r\nContent-Disposition: form-data; name=\"media\"; "
                                  "filename=\"blob\"\r\nContent-Type: "
                                  "application/octet-stream\r\n\r\n";
        const std::string tail = "\r\n--part--\r\n";
        return {
            .head = head("POST", options_.target.path) +
                    "Content-Type: multipart/form-data; boundary=part\r\n" +
                    length_line(parts.size() + chunk.length + tail.size()) + parts,
            .content = extent_of(upload, chunk),
            .tail = tail,
        };
    }
    bool took_chunk(const Answer& answer) const override { return answer.status == 204; }
    std::optional<Request> finish(const Upload& upload) const override {
        return form("command=FINALIZE&media_id=" + upload.id);
    }
    Request status(const Upload& upload) const override {
        return get(options_.target.path + "?command=STATUS&media_id=" + upload.id);
    }
    std::vector<Download> downloads(const Upload& upload) const override {
        return {
            {get("/media/" + upload.key + "/original"), {upload.number, upload.size, 0, upload.size}
            }
        };
    }

  private:
    static std::string field(const std::string& name, const std::string& value) {
        return "--part\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value +
               "\r\n";
    }
    Request form(const std::string& body) const {
        return {
            .head = head("POST", options_.target.path) +
                    "Content-Type: application/x-www-form-urlencoded\r\n" +
                    length_line(body.size()) + body,
        };
    }
};

class TusProtocol : public Protocol {
  public:
    using Protocol::Protocol;

    std::optional<Request> create(const Upload& upload) const override {
        return Request{
            .head = head("POST", options_.target.path) +
                    "Tus-Resumable: 1.0.0\r\nUpload-Length: " + std::to_string(upload.size) +
                    // filename video.mp4, filetype video/mp4, media_category tweet_video
                    "\r\nUpload-Metadata: filename dmlkZW8ubXA0,filetype dmlkZW8vbXA0,"
                    "media_category dHdlZXRfdmlkZW8=\r\n" +
                    length_line(0)
        };
    }
    bool take_created(const Answer& answer, Upload& upload) const override {
        const std::string location = answer.header("Location");
        const auto scheme = location.find("://");
        upload.id = scheme == std::string::npos ? location
                                                : location.substr(location.find('/', scheme + 3));
        return answer.status == 201 && !upload.id.empty();
    }
    Request send(const Upload& upload, const Chunk& chunk) const override {
        return {
            .head = head("PATCH", upload.id) +
                    "Tus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n"
                    "Upload-Offset: " +
                    std::to_string(chunk.offset) + "\r\n" + length_line(chunk.length),
            .content = extent_of(upload, chunk),
            .tail = {},
        };
    }
    bool took_chunk(const Answer& answer) const override { return answer.status == 204; }
    std::optional<Request> finish(const Upload&) const override { return std::nullopt; }
    Request status(const Upload& upload) const override {
        return {
            .head = head("HEAD", upload.id) + "Tus-Resumable: 1.0.0\r\n\r\n",
            .content = {},
            .tail = {},
            .is_head = true,
        };
    }
    std::vector<Download> downloads(const Upload& upload) const override {
        return {{get(upload.id), {upload.number, upload.size, 0, upload.size}}};
    }
};

// A file for each chunk: WebDAV has no other way to send a part.
class PutProtocol : public Protocol {
  public:
    using Protocol::Protocol;

    std::optional<Request> create(const Upload&) const override { return std::nullopt; }
    bool take_created(const Answer&, Upload&) const override { return true; }
    Request send(const Upload& upload, const Chunk& chunk) const override {
        return {
            .head = head("PUT", path_of(upload, chunk)) + length_line(chunk.length),
            .content = extent_of(upload, chunk),
            .tail = {},
        };
    }
    bool took_chunk(const Answer& answer) const override {
        return answer.status == 201 || answer.status == 204;
    }
    std::optional<Request> finish(const Upload&) const override { return std::nullopt; }
    Request status(const Upload&) const override { return get(options_.target.path); }
    std::vector<Download> downloads(const Upload& upload) const override {
        std::vector<Download> files;
        for (const Chunk& chunk : chunks_of(upload)) {
            files.push_back({get(path_of(upload, chunk)), extent_of(upload, chunk)});
        }
        return files;
    }

  private:
    std::string path_of(const Upload& upload, const Chunk& chunk) const {
        return options_.target.path + "/u" + std::to_string(upload.number) + "-" +
               std::to_string(chunk.index);
    }
};

}  // namespace

std::vector<Chunk> Protocol::chunks_of(const Upload& upload) const {
    std::vector<Chunk> chunks;
    for (std::uint64_t offset = 0; offset < upload.size; offset += options_.chunk) {
        chunks.push_back({chunks.size(), offset, std::min(options_.chunk, upload.size - offset)});
    }
    return chunks;
}

std::string Protocol::head(const std::string& method, const std::string& path) const {
    return method + " " + path +
           " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options_.target.port) + "\r\n" +
           options_.target.more_headers;
}

Request Protocol::get(const std::string& path) const {
    return {.head = head("GET", path) + "\r\n", .content = {}, .tail = {}};
}

std::unique_ptr<Protocol> make_protocol(const Options& options) {
    if (options.protocol == "tus") {
        return std::make_unique<TusProtocol>(options);
    }
    if (options.protocol == "put") {
        return std::make_unique<PutProtocol>(options);
    }
    return std::make_unique<XProtocol>(options);
}

}  // namespace sluice::bench
