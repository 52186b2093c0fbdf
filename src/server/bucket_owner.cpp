#include "server/bucket_owner.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"
#include "server/directory_mark.hpp"

namespace sluice::server {
namespace {

// Of one look; a store that says nothing is asked again soon.
constexpr std::chrono::milliseconds answer_time{6'000};
constexpr std::chrono::milliseconds soon{500};
constexpr std::chrono::seconds retry_after{2};
constexpr int rounds_max = 4;
constexpr const char* run_of_nodes = "nodes";

// With the time that the machine sleeps.
std::int64_t now_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::int64_t{now.tv_sec} * 1'000 + now.tv_nsec / 1'000'000;
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

Error refused(std::string facts) {
    return {.code = ErrorCode::storage_failed, .facts = std::move(facts)};
}

Error unavailable(std::string facts) {
    return {
        .code = ErrorCode::storage_unavailable,
        .facts = std::move(facts),
        .retry_after = retry_after,
    };
}

OwnerRecord record_of(const std::string& run) {
    const OwnerRecord record{
        .run = run,
        .host = host_name(),
        .since = rfc3339(SystemClock().now()),
        .is_stopped = false,
        .asked_by = {},
    };
    return parse_owner(text_of(record));  // as it will be read back, whatever the host is called
}

std::string shown(const OwnerRecord& owner) {
    if (owner.run == run_of_nodes) {
        return "the nodes of a PostgreSQL database, since " + owner.since;
    }
    return "a server on " + (owner.host.empty() ? "a host without a name" : owner.host) +
           (owner.is_stopped ? ", stopped at " : ", begun at ") + owner.since;
}

Error taken_by_several(const S3BlobStore& bucket) {
    return refused(bucket.shown() + " is being taken by several servers at once.");
}

// One attempt to come from what the bucket says now to what it shall say.
class Taking {
  public:
    Taking(S3BlobStore& bucket, const BucketOwner::Terms& terms)
        : bucket_(bucket),
          terms_(terms),
          here_(place_of(terms.data)),
          ours_(read_own_runs(terms.data)) {}

    // False: the bucket has changed meanwhile.
    Result<bool> take() {
        const auto read = bucket_.read_tagged(owner_object, {});
        if (!read) {
            return read.error();
        }
        const OwnerRecord owner = parse_owner(read->text);
        std::string tag = read->tag;
        if (terms_.is_for_nodes && owner.run == run_of_nodes) {
            return true;
        }
        const Claim claim = claim_on(owner, ours_, here_, terms_.may_replace);
        if (claim == Claim::of_copy || claim == Claim::of_other) {
            return of_another(owner, claim);
        }
        if (claim == Claim::after_silence) {
            auto silent = ask(owner, tag);
            if (!silent || !*silent) {
                return silent;
            }
        }
        return terms_.is_for_nodes ? put(record_of(run_of_nodes), tag) : write(owner, tag);
    }

    OwnerRecord record() const { return record_; }
    OwnRuns runs() const { return runs_; }
    std::int64_t begun_at() const { return begun_at_; }

  private:
    Error of_another(const OwnerRecord& owner, Claim claim) const {
        const std::string how =
            claim == Claim::of_copy
                ? terms_.data +
                      " is a copy of that server's directory, which may be at work or was not "
                      "stopped in order."
                : "It did not run on " + terms_.data +
                      ": one of the two directories is a copy, and this one the older.";
        return refused(
            bucket_.shown() + " is that of " + shown(owner) + ". " + how +
            " Each would remove what only the other one knows. Start that one again; or, if its "
            "directory is lost or given up for good, say so once: sluice fsck --data " +
            terms_.data +
            " --storage s3://… --take-bucket. What came since this directory was copied is "
            "removed then as orphans, after an hour of the server."
        );
    }

    Result<bool> ask(OwnerRecord owner, std::string& tag) {
        log::info(
            "storage_asked",
            bucket_.shown() + " may still be in use by " + shown(owner) + "; waiting for an answer",
            {{"milliseconds", terms_.times.patience.count()}}
        );
        const std::string who = shown(owner);
        owner.asked_by = new_mark();
        auto asked = put(owner, tag);
        if (!asked || !*asked) {
            return asked;
        }
        const auto ends = now_ms() + terms_.times.patience.count();
        while (true) {
            const auto pause = std::min<std::int64_t>(1'000, ends - now_ms());
            const bool is_over = pause <= 0;
            std::this_thread::sleep_for(std::chrono::milliseconds(std::max<std::int64_t>(pause, 0))
            );
            const auto read = bucket_.read_tagged(owner_object, {});
            if (!read) {
                return read.error();
            }
            const OwnerRecord now = parse_owner(read->text);
            if (now.run == owner.run && now.asked_by != owner.asked_by && !now.asked_by.empty()) {
                return taken_by_several(bucket_);
            }
            if (now != owner) {
                return refused(
                    bucket_.shown() + " is in use by " + who + ": it has answered just now."
                );
            }
            tag = read->tag;
            if (is_over) {
                return true;
            }
        }
    }

    Result<bool> write(const OwnerRecord& owner, const std::string& tag) {
        record_ = record_of(new_mark());
        // The directory knows it first: a process that dies now has not lost the bucket.
        const auto* const found = std::ranges::find(ours_, owner.run, &OwnRun::id);
        const OwnRun& seen = owner.run.empty() || found == ours_.end() ? ours_[0] : *found;
        const OwnRun& beside = ours_[&seen == &ours_[0] ? 1 : 0];
        runs_ = {OwnRun{record_.run, here_}, seen, beside};
        if (auto written = write_own_runs(terms_.data, runs_); !written) {
            return std::move(written).error();
        }
        begun_at_ = now_ms();
        return put(record_, tag);
    }

    // False: something else is there.
    Result<bool> put(const OwnerRecord& record, const std::string& tag) {
        const auto written = bucket_.write_text(owner_object, text_of(record), tag);
        if (!written && written.error().code != ErrorCode::store_conflict) {
            return written.error();
        }
        // Also after a success: a store that knows no conditions writes over what came meanwhile.
        const auto read = bucket_.read_text(owner_object);
        return read ? Result<bool>(parse_owner(*read) == record) : read.error();
    }

    S3BlobStore& bucket_;
    const BucketOwner::Terms& terms_;
    const Place here_;
    const OwnRuns ours_;
    OwnerRecord record_;
    OwnRuns runs_;
    std::int64_t begun_at_ = 0;
};

Result<Taking> taken(S3BlobStore& bucket, const BucketOwner::Terms& terms) {
    for (int round = 0; round < rounds_max; ++round) {
        Taking taking(bucket, terms);
        const auto is_taken = taking.take();
        if (!is_taken || *is_taken) {
            return is_taken ? Result<Taking>(std::move(taking)) : is_taken.error();
        }
    }
    return taken_by_several(bucket);
}

}  // namespace

Result<std::unique_ptr<BucketOwner>> BucketOwner::take(S3BlobStore& bucket, Terms terms) {
    const auto taking = taken(bucket, terms);
    if (!taking) {
        return taking.error();
    }
    return std::unique_ptr<BucketOwner>(new BucketOwner(
        bucket, std::move(terms), taking->record(), taking->runs(), taking->begun_at()
    ));
}

Result<void> BucketOwner::give_to_nodes(S3BlobStore& bucket, Terms terms) {
    terms.is_for_nodes = true;
    terms.may_replace = true;
    const auto taking = taken(bucket, terms);
    return taking ? ok() : Result<void>(taking.error());
}

BucketOwner::BucketOwner(
    S3BlobStore& bucket, Terms terms, OwnerRecord record, OwnRuns runs, std::int64_t seen_at
)
    : bucket_(bucket),
      terms_(std::move(terms)),
      record_(std::move(record)),
      runs_(std::move(runs)),
      seen_at_(seen_at),
      thread_([this](const std::stop_token& stop) { hold(stop); }) {
    bucket_.guard_by([this] { return check(); });
}

BucketOwner::~BucketOwner() {
    thread_.request_stop();
    thread_.join();
    bucket_.guard_by([] { return unavailable("The server has stopped."); });
    if (!is_replaced_) {
        release();
    }
}

Result<void> BucketOwner::check() const {
    if (is_replaced_) {
        return unavailable(
            "Another server has taken the bucket over, and this one stops: uploads that only this "
            "one knows do not go on there."
        );
    }
    return now_ms() - seen_at_ < terms_.times.belief.count()
               ? ok()
               : Result<void>(unavailable(
                     "The object store did not answer whether the bucket is still this server's."
                 ));
}

void BucketOwner::hold(const std::stop_token& stop) {
    auto pause = terms_.times.look;
    while (true) {
        std::unique_lock lock(mutex_);
        end_.wait_for(lock, stop, pause, [] { return false; });
        lock.unlock();
        if (stop.stop_requested()) {
            return;
        }
        const auto begun_at = now_ms();
        const bool is_well = look();
        if (is_replaced_) {
            terms_.told();
            return;
        }
        // From beginning to beginning, so that a slow store is heard in time as well.
        const std::chrono::milliseconds left{terms_.times.look.count() - (now_ms() - begun_at)};
        pause = is_well ? std::max(left, std::min(soon, terms_.times.look)) : soon;
    }
}

// Whether it is certain that the bucket is ours.
bool BucketOwner::look() {
    bucket_.find_credentials();  // a look itself does not wait for them
    const auto begun_at = now_ms();
    const auto read = bucket_.read_tagged(owner_object, answer_time);
    if (!read) {
        return false;
    }
    const OwnerRecord owner = parse_owner(read->text);
    if (owner == record_) {
        seen_at_ = begun_at;
        return true;
    }
    // Somebody asks; or it was removed by hand, or is what a process before this one sent, and came late.
    const bool may_answer = owner.run.empty() || owner.run == record_.run ||
                            owner.run == runs_[1].id || owner.run == runs_[2].id;
    if (may_answer) {
        static_cast<void>(bucket_.write_text(owner_object, text_of(record_), read->tag, answer_time)
        );
        return false;  // the next look tells
    }
    is_replaced_ = true;
    log::error(
        "server_replaced", bucket_.shown() + " was taken over by " + shown(owner) + "; stopping"
    );
    return false;
}

void BucketOwner::release() {
    OwnerRecord stopped = record_;
    stopped.run = new_mark();
    stopped.since = rfc3339(SystemClock().now());
    stopped.is_stopped = true;
    // A new id, which no copy of the directory knows that was made before now.
    auto written = write_own_runs(terms_.data, {OwnRun{stopped.run, runs_[0].place}, runs_[0], {}});
    const auto read = written ? bucket_.read_tagged(owner_object, answer_time)
                              : Result<S3BlobStore::TaggedText>(written.error());
    const bool is_ours = read && parse_owner(read->text).run == record_.run;
    if (is_ours) {
        written = bucket_.write_text(owner_object, text_of(stopped), read->tag, answer_time);
    }
    if (!is_ours || !written) {
        log::warning("storage_not_released", "the next start finds that this one was killed");
    }
}

}  // namespace sluice::server
