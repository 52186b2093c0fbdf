// Every byte that was acknowledged is asked back from the server's own door and compared.
#include "loadgen/run.hpp"

namespace sluice::bench {
namespace {

class Comparison {
  public:
    Comparison(Content& content, const Extent& expected) : content_(content), at_(expected) {}

    void take(std::span<const char> bytes) {
        if (bytes.size() > at_.length) {
            is_right_ = false;
            return;
        }
        is_right_ = is_right_ && content_.is_same(at_, bytes);
        at_.offset += bytes.size();
        at_.length -= bytes.size();
    }
    bool is_right() const { return is_right_ && at_.length == 0; }

  private:
    Content& content_;
    Extent at_;
    bool is_right_ = true;
};

}  // namespace

Task<> verify_uploads(Run& run, const std::vector<Upload>& uploads) {
    Connection& connection = run.connection();
    for (const Upload& upload : uploads) {
        for (const Download& file : run.protocol->downloads(upload)) {
            Comparison comparison(run.content, file.expected);
            const Answer answer = co_await connection.ask(
                file.request, [&comparison](std::span<const char> part) { comparison.take(part); }
            );
            if (answer.status != 200) {
                run.note_error("verify", answer);
            } else if (!comparison.is_right()) {
                ++run.counts.errors["verify: other bytes came back than were sent"];
            } else {
                run.counts.verified += file.expected.length;
            }
        }
    }
}

}  // namespace sluice::bench
