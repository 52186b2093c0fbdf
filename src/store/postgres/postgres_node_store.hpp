// PostgresNodeStore: what nodes that share a database know of each other: which there are, who
// appends to a stream, how many calls were admitted. Blocking; thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "store/postgres/postgres_database.hpp"

namespace sluice {

// What a node says of itself.
struct NodeFacts {
    std::string name;  // of its data directory: the same after a restart
    std::string role;
    std::uint64_t incarnation = 0;
    std::uint64_t quick_slots = 0;
    std::uint64_t film_slots = 0;
    std::string speeds;  // what its workers have learned
};

struct NodeRow {
    std::uint64_t id = 0;
    NodeFacts facts;
};

// Calls of one bucket that this node has admitted since it last said so.
struct RateCount {
    std::string principal;
    std::uint64_t bucket = 0;
    WallTime resets;  // of the window, if nobody has begun one
    std::uint64_t used = 0;
};

struct StreamHolder {
    std::uint64_t token = 0;  // of a request
    std::uint64_t node = 0;   // that receives it; 0: none
};

class PostgresNodeStore {
  public:
    explicit PostgresNodeStore(std::shared_ptr<PostgresDatabase> database)
        : database_(std::move(database)) {}

    // A node that was not seen for so long is taken for dead: nobody waits for its answers.
    static constexpr std::chrono::seconds alive{8};

    // Ids are granted to a node for so long ahead, by the database's clock.
    static constexpr std::chrono::seconds ids_ahead{30};
    // Where those before were granted more than that, since the clock was wrong: so much at a time, of
    // which there are millions; who starts again and again gets not far ahead.
    static constexpr std::chrono::milliseconds ids_ahead_of_time{1000};

    struct Joined {
        std::uint64_t id = 0;
        // The time in the ids that it may make: from the first to before the second, behind all that
        // processes with this number before were granted.
        WallTime ids_from;
        WallTime ids_until;
    };
    // The number of this node: that of its name, or one that is free. storage_failed, with facts, if
    // there is none.
    Result<Joined> join(const NodeFacts& facts);
    // More ids for this process, which is at `reached`: until when now. store_conflict: its number is
    // another's.
    Result<WallTime> extend_ids(std::uint64_t id, std::uint64_t incarnation, WallTime reached);

    // Of the database.
    Result<WallTime> time();

    struct Seen {
        WallTime now;                // of the database
        std::vector<NodeRow> alive;  // by id, this one too
    };
    // Says that it lives. store_conflict: another process has its number, or it was given up.
    Result<Seen> beat(std::uint64_t id, const NodeFacts& facts);
    // It stops in order: nobody need wait until it is taken for dead.
    Result<void> leave(std::uint64_t id, std::uint64_t incarnation);
    // Those that live, whoever asks.
    Result<std::vector<NodeRow>> live();

    // From now on only who has this token extends the stream. Who had it before; no error for what is
    // not there, or over.
    Result<StreamHolder> take_stream(MediaId id, const StreamHolder& by);
    // The node of the request that took it last; 0: none.
    Result<std::uint64_t> holder_of_stream(MediaId id);

    // Adds, and returns the sums over all nodes in `used` with the end of the window. In batches.
    Result<std::vector<RateCount>> add_rates(std::vector<RateCount> counts, WallTime now);
    Result<void> forget_rates(WallTime before);

    // The key by which secrets are sealed and links signed is the same on all nodes: the first one
    // leaves its mark. storage_failed, with facts, for another key.
    Result<void> check_key(const std::string& mark);

  private:
    std::shared_ptr<PostgresDatabase> database_;
};

}  // namespace sluice
