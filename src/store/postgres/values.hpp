// Values on their way to PostgreSQL and back, as text in both directions: Parameter, and Rows of an
// answer. No I/O.
#pragma once

#include <libpq-fe.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace sluice::postgres {

// Nothing is NULL. A text that is not UTF-8, which PostgreSQL would refuse, gets U+FFFD for each
// wrong byte.
class Parameter {
  public:
    template <std::integral Number>
    Parameter(Number number) : text_(std::to_string(static_cast<std::int64_t>(number))) {}
    Parameter(WallTime time) : Parameter(time.time_since_epoch().count()) {}
    Parameter(ByteCount count) : Parameter(count.value) {}
    Parameter(ByteOffset offset) : Parameter(offset.value) {}
    Parameter(std::string_view text);
    Parameter(const std::string& text) : Parameter(std::string_view(text)) {}
    Parameter(const char* text) : Parameter(std::string_view(text)) {}
    template <class T>
    Parameter(const std::optional<T>& value) {
        if (value) {
            *this = Parameter(*value);
        }
    }

    const char* bytes() const { return text_ ? text_->c_str() : nullptr; }

  private:
    std::optional<std::string> text_;
};

class Row {
  public:
    Row(const PGresult* result, int index) : result_(result), index_(index) {}

    std::int64_t integer(int column) const;
    std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    bool flag(int column) const { return integer(column) != 0; }
    std::string text(int column) const;
    WallTime time(int column) const { return WallTime{std::chrono::milliseconds{integer(column)}}; }
    bool is_null(int column) const { return PQgetisnull(result_, index_, column) != 0; }
    std::optional<std::int64_t> optional_integer(int column) const {
        return is_null(column) ? std::nullopt : std::optional(integer(column));
    }
    std::optional<WallTime> optional_time(int column) const {
        return is_null(column) ? std::nullopt : std::optional(time(column));
    }

  private:
    const PGresult* result_;
    int index_;
};

// All rows of one answer; empty as well if there was none.
class Rows {
  public:
    class Iterator {
      public:
        Iterator(const PGresult* result, int index) : result_(result), index_(index) {}
        Row operator*() const { return {result_, index_}; }
        Iterator& operator++() {
            ++index_;
            return *this;
        }
        bool operator==(const Iterator& other) const { return index_ == other.index_; }

      private:
        const PGresult* result_;
        int index_;
    };

    Rows() = default;
    explicit Rows(PGresult* result) : result_(result, PQclear) {}

    int size() const { return result_ ? PQntuples(result_.get()) : 0; }
    bool empty() const { return size() == 0; }
    Row front() const { return {result_.get(), 0}; }
    Iterator begin() const { return {result_.get(), 0}; }
    Iterator end() const { return {result_.get(), size()}; }
    // Rows that the statement changed.
    std::int64_t changed() const;

  private:
    std::shared_ptr<PGresult> result_;
};

}  // namespace sluice::postgres
