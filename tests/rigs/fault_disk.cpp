// fault_disk MOUNTPOINT MIB: a disk that breaks on command, for the tests that cut the power or let
// the device fail. It needs no device-mapper: a FUSE file system with three files.
//   disk     the device: make a file system on it, mount it through a loop device
//   platter  read only: what would be left if the power went now and nothing of the cache survived
//   ctl      one command per write; reading it gives the counters as JSON
//
// Commands:
//   cut SEED PERCENT  the power goes. What was flushed stays; each 512-byte sector written since
//                     survives with PERCENT, by SEED: lost, torn and reordered. Then all calls
//                     fail.
//   restore           the power is back, the disk shows what survived
//   fail KIND SKIP N  of the calls of KIND (write, read, flush) let SKIP pass, fail the next N with
//                     EIO (-1: all from then on; 0: none)
//   slow KIND MS      delay every call of KIND
//   lie 0|1           flushes say "done" and do nothing: what a test of durability must notice
//
// Everything happens under one mutex, so a cut falls between two calls and never within one.
#define FUSE_USE_VERSION 31
#include <fuse3/fuse.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t sector = 512;
constexpr std::array<std::string_view, 3> kind_names{"write", "read", "flush"};
enum Kind : std::uint8_t { kind_write, kind_read, kind_flush };

// Zeroes that cost no memory until they are written.
std::span<char> zeroes(std::size_t size) {
    void* at = ::mmap(
        nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0
    );
    if (at == MAP_FAILED) {
        std::perror("mmap");
        std::exit(1);
    }
    return {static_cast<char*>(at), size};
}

struct Behaviour {
    long skip = 0;
    long fail = 0;  // how many are still to fail; -1: all
    long calls = 0;
    long failed = 0;
    std::chrono::milliseconds delay{0};
};

struct Unflushed {
    std::size_t at;
    std::string bytes;
};

class Disk {
  public:
    explicit Disk(std::size_t size) : size_(size), shown_(zeroes(size)), platter_(zeroes(size)) {}

    std::size_t size() const { return size_; }
    int read(std::span<char> into, std::size_t at);
    int write(std::string_view bytes, std::size_t at);
    int flush();
    int read_platter(std::span<char> into, std::size_t at);
    bool obey(const std::string& command);
    std::string counters();

  private:
    // With the mutex held: whether this call fails.
    bool fails(Kind kind);
    void wait(Kind kind);
    void cut(std::uint64_t seed, unsigned percent);
    bool set_failures(std::istream& words);
    bool set_delay(std::istream& words);
    int copy(std::span<const char> from, std::span<char> into, std::size_t at) const;

    std::mutex mutex_;  // over all below
    const std::size_t size_;
    std::span<char> shown_;    // what reads see: the platter and the cache over it
    std::span<char> platter_;  // what a power cut leaves
    std::vector<Unflushed> cache_;
    std::array<Behaviour, 3> behaviours_;
    bool is_off_ = false;
    bool is_lying_ = false;
    long sectors_lost_ = 0;
    long sectors_kept_ = 0;
    long flushes_denied_ = 0;  // those that were only pretended
};

bool Disk::fails(Kind kind) {
    Behaviour& behaviour = behaviours_.at(kind);
    ++behaviour.calls;
    if (is_off_) {
        return true;
    }
    if (behaviour.fail == 0 || behaviour.skip > 0) {
        behaviour.skip -= behaviour.fail == 0 ? 0 : 1;
        return false;
    }
    behaviour.fail -= behaviour.fail > 0 ? 1 : 0;
    ++behaviour.failed;
    return true;
}

void Disk::wait(Kind kind) {
    std::chrono::milliseconds delay;
    {
        const std::scoped_lock lock(mutex_);
        delay = behaviours_.at(kind).delay;
    }
    if (delay.count() > 0) {
        std::this_thread::sleep_for(delay);
    }
}

int Disk::copy(std::span<const char> from, std::span<char> into, std::size_t at) const {
    const std::size_t count = at < size_ ? std::min(into.size(), size_ - at) : 0;
    std::ranges::copy(from.subspan(std::min(at, size_), count), into.begin());
    return static_cast<int>(count);
}

int Disk::read(std::span<char> into, std::size_t at) {
    wait(kind_read);
    const std::scoped_lock lock(mutex_);
    return fails(kind_read) ? -EIO : copy(shown_, into, at);
}

int Disk::read_platter(std::span<char> into, std::size_t at) {
    const std::scoped_lock lock(mutex_);
    return copy(platter_, into, at);
}

int Disk::write(std::string_view bytes, std::size_t at) {
    wait(kind_write);
    const std::scoped_lock lock(mutex_);
    if (at > size_ || bytes.size() > size_ - at) {
        return -ENOSPC;
    }
    if (fails(kind_write)) {
        return -EIO;
    }
    std::ranges::copy(bytes, shown_.subspan(at).begin());
    cache_.push_back({at, std::string(bytes)});
    return static_cast<int>(bytes.size());
}

int Disk::flush() {
    wait(kind_flush);
    const std::scoped_lock lock(mutex_);
    if (fails(kind_flush)) {
        return -EIO;
    }
    if (is_lying_) {
        ++flushes_denied_;
        return 0;
    }
    for (const Unflushed& one : cache_) {
        std::ranges::copy(one.bytes, platter_.subspan(one.at).begin());
    }
    cache_.clear();
    return 0;
}

void Disk::cut(std::uint64_t seed, unsigned percent) {
    std::mt19937_64 chance(seed);
    for (const Unflushed& one : cache_) {
        for (std::size_t from = 0; from < one.bytes.size(); from += sector) {
            if (chance() % 100 >= percent) {
                ++sectors_lost_;
                continue;
            }
            ++sectors_kept_;
            const auto kept = std::string_view(one.bytes).substr(from, sector);
            std::ranges::copy(kept, platter_.subspan(one.at + from).begin());
        }
    }
    cache_.clear();
    is_off_ = true;
}

Kind kind_of(const std::string& name) {
    const auto found = std::ranges::find(kind_names, name);
    return static_cast<Kind>(found - kind_names.begin());
}

bool Disk::set_failures(std::istream& words) {
    std::string name;
    long skip = 0;
    long fail = 0;
    if (!(words >> name >> skip >> fail) || kind_of(name) >= kind_names.size()) {
        return false;
    }
    behaviours_.at(kind_of(name)).skip = skip;
    behaviours_.at(kind_of(name)).fail = fail;
    return true;
}

bool Disk::set_delay(std::istream& words) {
    std::string name;
    long delay = 0;
    if (!(words >> name >> delay) || kind_of(name) >= kind_names.size()) {
        return false;
    }
    behaviours_.at(kind_of(name)).delay = std::chrono::milliseconds(delay);
    return true;
}

bool Disk::obey(const std::string& command) {
    const std::scoped_lock lock(mutex_);
    std::istringstream words(command);
    std::string verb;
    std::uint64_t seed = 0;
    unsigned percent = 0;
    words >> verb;
    if (verb == "cut" && words >> seed >> percent) {
        cut(seed, percent);
        return true;
    }
    if (verb == "restore") {
        std::ranges::copy(platter_, shown_.begin());
        is_off_ = false;
        return true;
    }
    if (verb == "lie" && words >> percent) {
        is_lying_ = percent != 0;
        return true;
    }
    return verb == "fail" ? set_failures(words) : verb == "slow" && set_delay(words);
}

std::string Disk::counters() {
    const std::scoped_lock lock(mutex_);
    std::string json = "{";
    for (std::size_t kind = 0; kind < kind_names.size(); ++kind) {
        const std::string name(kind_names.at(kind));
        json += "\"" + name + "\":" + std::to_string(behaviours_.at(kind).calls) + ",\"" + name +
                "_failed\":" + std::to_string(behaviours_.at(kind).failed) + ",";
    }
    return json + "\"unflushed\":" + std::to_string(cache_.size()) +
           ",\"sectors_lost\":" + std::to_string(sectors_lost_) +
           ",\"sectors_kept\":" + std::to_string(sectors_kept_) +
           ",\"flushes_denied\":" + std::to_string(flushes_denied_) +
           ",\"is_off\":" + (is_off_ ? "true" : "false") + "}\n";
}

// --- FUSE's side -----------------------------------------------------------------------------

Disk& the_disk() {
    return *static_cast<Disk*>(fuse_get_context()->private_data);
}

bool is_ctl(const char* path) {
    return std::string_view(path) == "/ctl";
}

int on_getattr(const char* path, struct stat* status, fuse_file_info*) {
    const std::string_view name(path);
    *status = {};
    status->st_nlink = 1;
    status->st_mode = name == "/" ? S_IFDIR | 0755 : S_IFREG | 0600;
    if (name == "/disk" || name == "/platter") {
        status->st_size = static_cast<off_t>(the_disk().size());
    }
    return name == "/" || name == "/disk" || name == "/platter" || is_ctl(path) ? 0 : -ENOENT;
}

int on_readdir(
    const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*, fuse_readdir_flags
) {
    for (const char* name : {"disk", "platter", "ctl"}) {
        fill(buffer, name, nullptr, 0, fuse_fill_dir_flags{});
    }
    return 0;
}

// No second page cache in front of the disk's own.
int on_open(const char*, fuse_file_info* info) {
    info->direct_io = 1;
    return 0;
}

int on_read(const char* path, char* buffer, std::size_t size, off_t at, fuse_file_info*) {
    const std::span<char> into(buffer, size);
    const auto from = static_cast<std::size_t>(at);
    if (std::string_view(path) == "/platter") {
        return the_disk().read_platter(into, from);
    }
    if (!is_ctl(path)) {
        return the_disk().read(into, from);
    }
    const std::string text = the_disk().counters();
    const std::string rest = text.substr(std::min(from, text.size()), size);
    std::ranges::copy(rest, into.begin());
    return static_cast<int>(rest.size());
}

int on_write(const char* path, const char* bytes, std::size_t size, off_t at, fuse_file_info*) {
    if (is_ctl(path)) {
        return the_disk().obey(std::string(bytes, size)) ? static_cast<int>(size) : -EINVAL;
    }
    return std::string_view(path) == "/disk"
               ? the_disk().write({bytes, size}, static_cast<std::size_t>(at))
               : -EACCES;
}

int on_fsync(const char* path, int, fuse_file_info*) {
    return is_ctl(path) ? 0 : the_disk().flush();
}

int on_truncate(const char*, off_t, fuse_file_info*) {
    return 0;
}

void* on_init(fuse_conn_info* connection, fuse_config*) {
    connection->max_write = 1U << 20U;
    return fuse_get_context()->private_data;
}

}  // namespace

int main(int argc, char** argv) {
    const long mebibytes = argc == 3 ? std::strtol(argv[2], nullptr, 10) : 0;
    if (mebibytes <= 0) {
        std::fputs("usage: fault_disk MOUNTPOINT MIB\n", stderr);
        return 2;
    }
    Disk disk(static_cast<std::size_t>(mebibytes) << 20U);
    fuse_operations operations{};
    operations.getattr = on_getattr;
    operations.readdir = on_readdir;
    operations.open = on_open;
    operations.read = on_read;
    operations.write = on_write;
    operations.fsync = on_fsync;
    operations.truncate = on_truncate;
    operations.init = on_init;
    std::string foreground = "-f";
    std::array<char*, 3> arguments{argv[0], argv[1], foreground.data()};
    return fuse_main(static_cast<int>(arguments.size()), arguments.data(), &operations, &disk);
}
