#include "store/postgres/test_postgres.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "base/assert.hpp"

namespace sluice {
namespace {

// Debian's folder of the newest version.
std::string program(const std::string& name) {
    std::filesystem::path newest;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql")) {
        newest = std::max(newest, version.path());
    }
    return newest / "bin" / name;
}

struct Account {
    uid_t user = 0;
    gid_t group = 0;
};

Account nobody() {
    passwd entry{};
    std::array<char, 4096> texts{};
    passwd* found = nullptr;
    SLUICE_ASSERT(::getpwnam_r("nobody", &entry, texts.data(), texts.size(), &found) == 0);
    SLUICE_ASSERT(found != nullptr);
    return {.user = entry.pw_uid, .group = entry.pw_gid};
}

// The server refuses to run as root.
void become_unprivileged() {
    if (::geteuid() == 0) {
        const Account account = nobody();
        SLUICE_ASSERT(::setgid(account.group) == 0);
        SLUICE_ASSERT(::setuid(account.user) == 0);
    }
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
}

pid_t spawn(const std::string& folder, const std::vector<std::string>& words) {
    std::fflush(nullptr);
    const pid_t child = ::fork();
    SLUICE_ASSERT(child >= 0);
    if (child > 0) {
        return child;
    }
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (const std::string& word : words) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    SLUICE_ASSERT(::chdir(folder.c_str()) == 0);
    SLUICE_ASSERT(std::freopen((folder + "/log").c_str(), "a", stderr) != nullptr);
    SLUICE_ASSERT(std::freopen((folder + "/log").c_str(), "a", stdout) != nullptr);
    become_unprivileged();
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

int wait_for(pid_t child) {
    int status = 0;
    SLUICE_ASSERT(::waitpid(child, &status, 0) == child);
    return status;
}

bool run_sql(const std::string& url, const std::string& sql) {
    PGconn* connection = PQconnectdb(url.c_str());
    bool is_done = PQstatus(connection) == CONNECTION_OK;
    if (is_done) {
        PGresult* result = PQexec(connection, sql.c_str());
        is_done = PQresultStatus(result) != PGRES_FATAL_ERROR;
        PQclear(result);
    }
    PQfinish(connection);
    return is_done;
}

}  // namespace

TestPostgres& TestPostgres::shared() {
    static TestPostgres server;
    return server;
}

TestPostgres::TestPostgres() {
    if (::geteuid() == 0) {
        const Account account = nobody();
        SLUICE_ASSERT(::chown(folder_.path().c_str(), account.user, account.group) == 0);
    }
    std::ofstream(folder_.path("log")).close();
    std::filesystem::permissions(folder_.path("log"), std::filesystem::perms::all);
    const pid_t made = spawn(
        folder_.path(),
        {program("initdb"),
         "-D",
         "data",
         "-U",
         "sluice",
         "-A",
         "trust",
         "-E",
         "UTF8",
         "--locale=C.UTF-8",
         "-N"}
    );
    SLUICE_ASSERT(wait_for(made) == 0);
    start();
}

TestPostgres::~TestPostgres() {
    crash();
}

void TestPostgres::start() {
    server_ = spawn(
        folder_.path(),
        {program("postgres"),
         "-D",
         "data",
         "-k",
         folder_.path(),
         "-c",
         "listen_addresses=",
         "-c",
         "fsync=off",
         "-c",
         "shared_buffers=16MB"}
    );
    const auto ends = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!run_sql(url("postgres"), "SELECT 1")) {
        SLUICE_ASSERT(std::chrono::steady_clock::now() < ends);
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
}

void TestPostgres::crash() {
    ::kill(server_, SIGQUIT);
    wait_for(server_);
}

std::string TestPostgres::make_database() {
    const std::string name = "test" + std::to_string(++databases_);
    EXPECT_TRUE(run_sql(url("postgres"), "CREATE DATABASE " + name));
    return url(name);
}

std::string TestPostgres::url(const std::string& database) const {
    return "postgres:///" + database + "?user=sluice&host=" + folder_.path();
}

}  // namespace sluice
