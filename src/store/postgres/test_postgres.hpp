// TestPostgres: a PostgreSQL server of the tests' own: made in a temporary folder, run as an
// unprivileged user, reached by a socket in that folder alone, ended with its owner. Without fsync:
// no test here cuts the power.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "store/postgres/postgres_database.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {

class TestPostgres {
  public:
    // The one of this program, started at the first call.
    static TestPostgres& shared();

    TestPostgres();
    TestPostgres(const TestPostgres&) = delete;
    TestPostgres& operator=(const TestPostgres&) = delete;
    ~TestPostgres();

    // An empty database of a new name; its URL.
    std::string make_database();
    // SIGQUIT: no checkpoint, sessions cut. Returns when it is gone.
    void crash();
    void start();

  private:
    std::string url(const std::string& database) const;

    TemporaryFolder folder_;
    pid_t server_ = 0;
    int databases_ = 0;
};

// A store over a database of its own in the shared server.
template <class Store>
struct OnPostgres {
    std::string url = TestPostgres::shared().make_database();
    std::shared_ptr<PostgresDatabase> database =
        PostgresDatabase::open(url, {.connections = 4}).value();
    Store store{database};
};

}  // namespace sluice
