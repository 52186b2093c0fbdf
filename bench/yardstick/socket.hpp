// What both engines do with sockets.
#pragma once
#include <cstdint>
#include <string>

namespace sluice::yardstick {

class Session;

int listen_on(std::uint16_t port, bool is_blocking);
// The port that a listener got, printed as the line by which the bench knows that it may begin.
void say_ready(int listener);
// Sends what the session has to say, waiting for a slow reader. False: the connection is gone.
bool send_answers(int socket, Session& session);
// pwrite of all; ends the program if it fails. `O_DIRECT` is put aside for what is not aligned.
void write_all(int file, const char* bytes, std::uint64_t count, std::uint64_t offset);
void write_unaligned(int file, const char* bytes, std::uint64_t count, std::uint64_t offset);
[[noreturn]] void die(const std::string& what, int error);

}  // namespace sluice::yardstick
