// Clients of streams: they append at the end, slowly and several at once, go away in the middle, ask how far
// it is, join parts, and are answered or not. Each answer is judged by what is known. A fiber's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "world.hpp"

namespace sluice::simulation {

class Streamer {
  public:
    explicit Streamer(World& world) : world_(world) {}

    void run();

    // The rest of it, from where the server says it is.
    void complete(StreamModel& model);

    bool is_live(const StreamModel& model) const;

  private:
    struct Manner {
        bool is_all = false;       // else a piece or two
        bool asks_first = true;    // else the offset is guessed
        bool goes_away = false;    // in the middle of a piece
        bool is_slow = false;      // others come in between
        bool tells_length = true;  // of the body
    };

    // A request, until it is answered or its process dies.
    class Running {
      public:
        explicit Running(StreamModel& model) : model_(model) { ++model_.running; }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { --model_.running; }

      private:
        StreamModel& model_;
    };

    Random& random() { return world_.random; }

    StreamModel* some(bool is_part);

    void call();

    Manner some_manner();

    // --- what explains a refusal ---
    bool is_weather(const Error& error) const;

    bool is_common(const StreamModel& model, const Error& error) const;

    void unexpected(const char* call, const StreamModel& model, const Error& error);

    bool has_quota() const;

    // --- calls ---
    void create();

    void note_created(const std::optional<Result<Upload>>& made, StreamModel model);

    std::vector<std::byte> content_of_parts(const StreamModel& model);

    // Parts that are whole, and stay: what was joined must be their bytes.
    void join();

    // How far it is, and going on from there is accepted if nobody else came.
    void look(StreamModel& model);

    Result<Upload> seen(Process& process, const StreamModel& model);
    void note_end(StreamModel& model, const Upload& found);
    // `before`: what had been told when it was asked.
    void note_offset(StreamModel& model, std::uint64_t before, std::uint64_t offset);

    void cancel(StreamModel& model);

    std::vector<std::byte> bytes_for(std::uint64_t count);

    void append(StreamModel& model, Manner manner);

    // One request, from its first look to its answer; what it is refused with is judged here. In the
    // process; `in_doubt`: the number of a piece of which no word has come yet, beyond all: none.
    Result<Upload> request(
        Process& process, StreamModel& model, Manner manner, std::size_t& in_doubt
    );

    struct Transfer {
        StreamAppend append;
        std::uint64_t let;    // when it was let, among all that was asked
        bool was_alone;       // when it began
        std::uint64_t count;  // of bytes
        std::size_t& in_doubt;
    };

    Result<Upload> transfer(Process& process, StreamModel& model, Manner manner, Transfer transfer);

    void pause(const Manner& manner);

    Result<void> store(
        Process& process, StreamModel& model, Manner manner, Transfer& transfer, std::uint64_t size
    );

    Error taken_over_or_judged(
        const StreamModel& model, const Transfer& transfer, const Error& error
    );

    Error judged(const StreamModel& model, const Error& error, const char* call);

    World& world_;
};

}  // namespace sluice::simulation
