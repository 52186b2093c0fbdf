// How a body comes into the store: bytes that the store writes from its own memory are received there, and a place that
// takes its room in steps leaves the loop to others between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

#include "base/metrics.hpp"
#include "protocol/common/receive_form.hpp"
#include "protocol/common/receive_stream.hpp"
#include "runtime/task_group.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice::protocol {
namespace {

namespace asio = boost::asio;
using asio::awaitable;

const Principal me{"me"};

// What the writers of a store do, and what is seen of them.
struct Ways {
    std::size_t lent = 0;      // memory that bytes may be received in
    int steps = 0;             // in which a place takes its room
    std::size_t in_place = 0;  // written from where they were received
    std::vector<int> turns;    // of the loop, when each step was taken
    int turn = 0;
};

class WatchedWriter final : public BlobWriter {
  public:
    WatchedWriter(std::unique_ptr<BlobWriter> kept, Ways& ways)
        : kept_(std::move(kept)), ways_(ways), lent_(ways.lent), steps_(ways.steps) {}

    Result<bool> prepare_more() override {
        if (steps_ > 0) {
            --steps_;
            ways_.turns.push_back(ways_.turn);
        }
        return steps_ == 0;
    }
    Result<void> write(std::span<const std::byte> bytes) override {
        EXPECT_EQ(steps_, 0);
        if (!lent_.empty() && bytes.data() == lent_.data() + written().value) {
            ways_.in_place += bytes.size();
        }
        return kept_->write(bytes);
    }
    bool is_quick(ByteCount) const override { return true; }
    std::span<std::byte> memory() override {
        return lent_.empty() ? std::span<std::byte>() : std::span(lent_).subspan(written().value);
    }
    ByteCount written() const override { return kept_->written(); }
    Result<Extent> commit() override { return kept_->commit(); }

  private:
    const std::unique_ptr<BlobWriter> kept_;
    Ways& ways_;
    std::vector<std::byte> lent_;
    int steps_;
};

class WatchedBlobStore final : public MemoryBlobStore {
  public:
    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override {
        return watched(MemoryBlobStore::stage(id));
    }
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override {
        return watched(MemoryBlobStore::place(placement));
    }
    Ways ways;

  private:
    Result<std::unique_ptr<BlobWriter>> watched(Result<std::unique_ptr<BlobWriter>> writer) {
        return writer ? std::make_unique<WatchedWriter>(*std::move(writer), ways)
                      : std::move(writer);
    }
};

// All of it is there, and comes in pieces.
class ScriptedBody final : public http::BodyReader {
  public:
    explicit ScriptedBody(std::string text) : text_(std::move(text)) {}

    awaitable<Result<std::size_t>> read_some(std::span<std::byte> into) override {
        constexpr std::size_t piece = 10'000;
        const std::size_t count = std::min({into.size(), piece, text_.size() - at_});
        std::ranges::copy(std::as_bytes(std::span(text_)).subspan(at_, count), into.begin());
        at_ += count;
        co_return count;
    }
    awaitable<bool> arrives_within(std::chrono::milliseconds) override { co_return true; }
    std::optional<std::uint64_t> remaining() const override { return text_.size() - at_; }
    std::uint64_t received() const override { return at_; }

  private:
    const std::string text_;
    std::size_t at_ = 0;
};

// Takes each turn of the loop that others leave.
struct TurnCounter {
    asio::io_context& loop;
    Ways& ways;
    const bool& is_over;

    void operator()() const {
        ++ways.turn;
        if (!is_over) {
            asio::post(loop, *this);
        }
    }
};

class ReceiveTest : public testing::Test {
  protected:
    ~ReceiveTest() override { pool_.stop_and_join(); }

    void run(awaitable<void> task) {
        runtime::TaskGroup group("test");
        group.spawn(loop_.get_executor(), std::move(task));
        asio::post(loop_, TurnCounter{loop_, blobs_.ways, is_over_});
        loop_.run_for(std::chrono::seconds(10));
        ASSERT_TRUE(is_over_) << "it waits for what does not come";
    }

    // Of a segment whose form names it before its media.
    void receive_media(const std::string& media) {
        segment_of_ = uploads_.create({me, "tweet_video", "video/mp4", "", {media.size()}})->id;
        const std::string body =
            "--b\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a\"\r\n\r\n" +
            media + "\r\n--b--\r\n";
        request_.content_length = body.size();
        ScriptedBody reader(body);
        run(receive(this, &reader));
    }

    static awaitable<void> receive(ReceiveTest* self, ScriptedBody* reader) {
        OpenMedia open = [self](const Parameters&, std::optional<ByteCount> expected) {
            const AppendTarget target{me, self->segment_of_, {0}, expected};
            return Result<OpenedMedia>({self->uploads_.begin_append(target).value(), true});
        };
        auto form =
            co_await receive_form(self->context_, self->exchange_, *reader, {}, std::move(open));
        self->form_ = form ? *std::move(form) : nullptr;
        self->is_over_ = true;
    }

    static awaitable<void> receive_all(ReceiveTest* self, ScriptedBody* reader) {
        const ByteCount total{reader->remaining().value()};
        const auto made = self->streams_.create({.owner = me, .length = total});
        auto append =
            self->streams_.begin({.owner = me, .id = made->id, .at = {}, .length = total});
        self->received_ =
            co_await receive_stream(self->context_, *std::move(append), *reader, nullptr);
        self->is_over_ = true;
    }

    std::string content_of(Incoming incoming) {
        const auto extent = incoming.commit();
        std::string text(extent->length.value, '?');
        EXPECT_TRUE(blobs_.read(*extent, {0}, std::as_writable_bytes(std::span(text))));
        return text;
    }

    // Each step was taken in a turn of its own.
    void expect_turns(int steps) {
        std::vector<int>& turns = blobs_.ways.turns;
        EXPECT_EQ(turns.size(), static_cast<std::size_t>(steps));
        EXPECT_EQ(std::ranges::adjacent_find(turns), turns.end());
    }

    asio::io_context loop_{1};
    ManualClock clock_;
    MemoryMetadataStore metadata_;
    WatchedBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    UploadServices services_{metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {
                             }};
    Uploads uploads_{services_, UploadLimits{}};
    Streams streams_{services_, uploads_};
    Annotations annotations_{uploads_, attachments_};
    MediaUse media_use_{uploads_, annotations_, attachments_};
    runtime::BlockingPool pool_{1};
    runtime::BufferArena buffers_{1};
    Context context_{
        .uploads = uploads_,
        .annotations = annotations_,
        .media_use = media_use_,
        .reads = pool_,
        .pool = pool_,
        .bulk = pool_,
        .buffers = buffers_,
        .streams = &streams_,
    };
    http::Request request_{
        .method = "POST",
        .path = "/",
        .headers = {{"Content-Type", "multipart/form-data; boundary=b"}},
    };
    Exchange exchange_{request_};
    MediaId segment_of_;
    bool is_over_ = false;
    std::unique_ptr<ReceivedForm> form_;
    Result<Upload> received_ = Error{.code = ErrorCode::internal};
};

std::string media_of(std::size_t length) {
    std::string media = "\x89PNG\r\n\x1a\n";
    for (std::size_t at = media.size(); at < length; ++at) {
        media.push_back(static_cast<char>(at * 7 + at / 251));
    }
    return media;
}

TEST_F(ReceiveTest, ASmallBodyIsReceivedWhereItIsWrittenFrom) {
    blobs_.ways.lent = 256 * 1024;
    const std::string media = media_of(200'000);
    receive_media(media);
    ASSERT_TRUE(form_ && form_->media);
    // But for what came with the head of its part.
    EXPECT_GE(blobs_.ways.in_place, media.size() - 4096);
    EXPECT_EQ(content_of(*std::move(form_->media)), media);
}

TEST_F(ReceiveTest, ABodyThatMayNotFitThereTakesABuffer) {
    blobs_.ways.lent = 100'000;
    const std::string media = media_of(100'000);
    receive_media(media);
    ASSERT_TRUE(form_ && form_->media);
    EXPECT_EQ(blobs_.ways.in_place, 0U);
    EXPECT_EQ(content_of(*std::move(form_->media)), media);
}

TEST_F(ReceiveTest, TheRoomOfAFormsMediaIsTakenInTurns) {
    blobs_.ways.steps = 5;
    receive_media(media_of(50'000));
    ASSERT_TRUE(form_ && form_->media);
    expect_turns(5);
}

TEST_F(ReceiveTest, TheRoomOfAStreamIsTakenInTurns) {
    blobs_.ways.steps = 5;
    ScriptedBody reader(media_of(50'000));
    run(receive_all(this, &reader));
    ASSERT_TRUE(received_) << received_.error().facts;
    EXPECT_EQ(received_->received.value, 50'000u);
    expect_turns(5);
}

}  // namespace
}  // namespace sluice::protocol
