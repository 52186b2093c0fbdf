// The operators new and delete of the server: blocks of a quarter to eight KiB that a thread has given back are kept for
// its next ones. Such are the frames of the coroutines that a request is made of. The library keeps seven of a size for
// a thread, and none beyond one KiB; the others it joins and splits each time. Bounded for each thread. What comes from
// here is the library's own memory, and free() takes it.
#include <malloc.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

namespace {

// The smaller ones the library keeps as cheaply.
constexpr std::size_t smaller_max = 248;
constexpr std::size_t kept_size_max = 8192;
constexpr std::size_t kept_bytes_max = 512 * 1024;  // of a thread
// Sizes for which the library gives equal blocks: 16 k + 8 is what one holds.
constexpr std::size_t step = 16;
constexpr std::size_t kinds = kept_size_max / step + 1;

constexpr std::size_t kind_for(std::size_t size) {
    return (size + step / 2 - 1) / step;
}

struct Block {
    Block* next;
};

struct Kept {
    std::array<Block*, kinds> first;
    std::size_t bytes;
    bool is_over;
};

// Without a constructor or a destructor, so that it is there for whatever is destroyed last.
thread_local constinit Kept kept{};

struct AtTheEnd {
    ~AtTheEnd() {
        kept.is_over = true;
        for (Block*& first : kept.first) {
            while (first != nullptr) {
                std::free(std::exchange(first, first->next));
            }
        }
    }
};

bool keep(void* bytes) {
    const std::size_t usable = ::malloc_usable_size(bytes);
    if (usable <= smaller_max || usable > kept_size_max || kept.is_over ||
        kept.bytes + usable > kept_bytes_max) {
        return false;
    }
    static thread_local AtTheEnd at_the_end;
    static_cast<void>(&at_the_end);
    Block*& first = kept.first[(usable - step / 2) / step];
    first = new (bytes) Block{first};
    kept.bytes += usable;
    return true;
}

void* take(std::size_t size) {
    Block*& first = kept.first[kind_for(size)];
    if (first == nullptr) {
        return nullptr;
    }
    Block* const block = first;
    first = block->next;
    kept.bytes -= ::malloc_usable_size(block);
    return block;
}

}  // namespace

void* operator new(std::size_t size) {
    if (size > smaller_max && size <= kept_size_max) {
        if (void* const bytes = take(size)) {
            return bytes;
        }
    }
    while (true) {
        if (void* const bytes = std::malloc(size > 0 ? size : 1)) {
            return bytes;
        }
        const auto handler = std::get_new_handler();
        if (handler == nullptr) {
            throw std::bad_alloc();
        }
        handler();
    }
}

void operator delete(void* bytes) noexcept {
    if (bytes != nullptr && !keep(bytes)) {
        std::free(bytes);
    }
}

void operator delete(void* bytes, std::size_t size) noexcept {
    if (size > smaller_max && size <= kept_size_max) {
        ::operator delete(bytes);
    } else {
        std::free(bytes);
    }
}
