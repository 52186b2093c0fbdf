// Site: where in the stores a call stands. Crashes and faults happen at sites, and the report says
// at which ones they did.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::simulation {

enum class Site : std::uint8_t {
    think,  // of a client: no store is called
    blob_stage,
    blob_place,
    blob_write,
    blob_commit,
    blob_make_durable,
    blob_read,
    blob_local_file,
    blob_adopt,
    blob_remove,
    blob_free_space,
    blob_orphans,
    blob_drop_cached,
    pack_wait,
    pack_write,
    pack_sync,
    pack_make,
    create,
    create_whole,
    usage,
    find,
    list,
    add_segment,
    extend,
    join,
    change,
    due,
    names_of_blobs,
    forget_bytes,
    drop_segments,
    doubts,
    outputs,
    claim_job,
    heartbeat,
    save_outputs,
    finish_job,
    release_job,
    queue_position,
    count
};
inline constexpr std::size_t site_count = static_cast<std::size_t>(Site::count);

inline constexpr std::array<std::string_view, site_count> site_names{
    "think",        "blob.stage",  "blob.place",      "blob.write",   "blob.commit",
    "make_durable", "blob.read",   "blob.local_file", "blob.adopt",   "blob.remove",
    "free_space",   "orphans",     "drop_cached",     "pack.wait",    "pack.write",
    "pack.sync",    "pack.make",   "create",          "create_whole", "usage",
    "find",         "list",        "add_segment",     "extend",       "join",
    "change",       "due",         "names_of_blobs",  "forget_bytes", "drop_segments",
    "doubts",       "outputs",     "claim_job",       "heartbeat",    "save_outputs",
    "finish_job",   "release_job", "queue_position",
};

constexpr bool is_writing(Site site) {
    switch (site) {
        case Site::blob_stage:
        case Site::blob_place:
        case Site::blob_write:
        case Site::blob_commit:
        case Site::blob_make_durable:
        case Site::blob_adopt:
        case Site::blob_remove:
        case Site::pack_write:
        case Site::pack_sync:
        case Site::pack_make:
        case Site::create:
        case Site::create_whole:
        case Site::add_segment:
        case Site::extend:
        case Site::join:
        case Site::change:
        case Site::forget_bytes:
        case Site::drop_segments:
        case Site::claim_job:
        case Site::heartbeat:
        case Site::finish_job:
        case Site::release_job:
            return true;
        default:
            return false;
    }
}

}  // namespace sluice::simulation
