// The server's own.
#include "base/catalogue/rows.hpp"

namespace sluice::catalogue {
namespace {

constexpr std::string_view append_call =
    "POST /1.1/media/upload.json\nContent-Type: multipart/form-data; boundary=…\n\n"
    "command=APPEND, media_id=1284554329119236097, segment_index=0, media=(4194304 bytes)";

// clang-format off
constexpr auto rows = std::to_array<ErrorEntry>({
    {.code = ErrorCode::storage_full, .slug = "storage_full", .fault = Fault::capacity, .status = 507, .retryable = true,
     .title = "The storage is full",
     .hint = "Ask the operator for room; what was acknowledged is safe, and the upload can go on later.",
     .symptom = "507 from INIT or APPEND.",
     .causes = "The disk is full, or a quota of the file system is used up.\nOpen uploads have reserved what was left.\n",
     .check = "Operator: `df` on the data directory, and the metric sluice_storage_free_bytes.\n",
     .mend = "Operator: make room, or delete media (`sluice delete`).\nCaller: repeat the call later; segments that were acknowledged stay.\n",
     .request = append_call, .facts = "1048576 bytes are free; 4194304 are needed.",
     .mistakes = "57", .x_witness = Witness::ours, .x_note = "X's own storage does not run full; a 500 with code 131 comes nearest."},
    {.code = ErrorCode::storage_failed, .slug = "storage_failed", .fault = Fault::server, .status = 500, .retryable = false,
     .title = "The storage failed",
     .hint = "Upload again; if it happens again, tell the operator the request id.",
     .symptom = "500 from APPEND or FINALIZE.",
     .causes = "The disk reported an error, or a sync failed. A failed sync is final for that upload: nobody knows what was written.\n",
     .check = "Operator: look for the request id in the log of the server, and at the kernel's log.\n",
     .mend = "Caller: begin again with INIT.\nOperator: check the disk.\n",
     .request = append_call, .facts = "",
     .mistakes = "", .x_witness = Witness::recorded, .x_note = "500/131 is X's general answer."},
    {.code = ErrorCode::database_unavailable, .slug = "database_unavailable", .fault = Fault::server, .status = 503, .retryable = true,
     .title = "The database cannot be reached",
     .hint = "Repeat the call after the time in Retry-After; what was acknowledged is safe.",
     .symptom = "503 with Retry-After from every call that reads or changes an upload, for as long as PostgreSQL is away.",
     .causes = "PostgreSQL restarts, fails over, or the network to it is cut.\nAll connections to it are busy, or a statement took longer than it may.\nThe call may have taken effect all the same, if the connection broke while its commit was on its way.\n",
     .check = "Operator: look for database_lost in the log of the server; `psql` with the URL of --database.\n",
     .mend = "Caller: repeat the call, as it was: a repeated APPEND or FINALIZE that had taken effect succeeds again.\nOperator: bring PostgreSQL back; the server finds it by itself.\n",
     .request = append_call, .facts = "The database does not answer.",
     .mistakes = "", .x_witness = Witness::ours, .x_note = "X says 503 with code 130, as for overload."},
    {.code = ErrorCode::storage_unavailable, .slug = "storage_unavailable", .fault = Fault::server, .status = 503, .retryable = true,
     .title = "The object store cannot be reached",
     .hint = "Repeat the call after the time in Retry-After; what was acknowledged is safe.",
     .symptom = "503 with Retry-After from calls that store or read the bytes of media, for as long as the S3 store is away.",
     .causes = "The S3 store restarts, answers 500, 503 or SlowDown again and again, or the network to it is cut.\nIt refuses the credentials of the server, or the bucket has gone: the message says which.\nA body went on its way and no answer came: nothing of it counts, the call may be repeated.\nFor 12 s the server has not heard whether the bucket is still its own, or another server has taken it: the message says which.\n",
     .check = "Operator: the log says storage_lost with the answer of the store, or server_replaced; `/metrics` has sluice_storage_up and sluice_storage_failures.\n",
     .mend = "Caller: repeat the call, as it was; segments that were acknowledged need not be sent again.\nOperator: bring the store back, or give the server the right credentials; it finds them by itself. A server that was replaced stops: docs/operations/s3.md, One server.\n",
     .request = append_call, .facts = "The object store does not answer.",
     .mistakes = "", .x_witness = Witness::ours, .x_note = "X says 503 with code 130, as for overload."},
    {.code = ErrorCode::overloaded, .slug = "overloaded", .fault = Fault::capacity, .status = 503, .retryable = true,
     .title = "The server is overloaded",
     .hint = "Repeat the call after the time in Retry-After.",
     .symptom = "503 with Retry-After. Here it means overload and nothing else.",
     .causes = "More requests of one kind at once than the server is set up for: the message names the kind, its bound, and what became of the others.\n",
     .check = "Operator: look at sluice_requests_in_work and sluice_requests_shed_total by class in /metrics, and see docs/operations/overload.md.\n",
     .mend = "Caller: wait as Retry-After says, with some jitter.\n",
     .request = append_call, .facts = "The server handles 8192 requests of the class bulk (APPEND, uploads in one call, delivery) at once, and so many are running.",
     .mistakes = "77", .x_witness = Witness::recorded, .x_note = "At X this answer has many other causes: see finalize_missing, polling_too_fast, category_missing."},
    {.code = ErrorCode::shutting_down, .slug = "shutting_down", .fault = Fault::capacity, .status = 503, .retryable = true,
     .title = "The server is stopping",
     .hint = "Repeat the call after the time in Retry-After; uploads continue after the restart.",
     .symptom = "503 for some seconds, then refused connections, then all is well.",
     .causes = "The operator restarts the server.\n",
     .check = "GET /readyz.\n",
     .mend = "Repeat. Nothing that was acknowledged is lost.\n",
     .request = append_call, .facts = "",
     .mistakes = "", .x_witness = Witness::recorded, .x_note = ""},
    {.code = ErrorCode::internal, .slug = "internal", .fault = Fault::server, .status = 500, .retryable = false,
     .title = "The server made a mistake",
     .hint = "Tell the operator the request id.",
     .symptom = "500 \"Internal error\" (131)",
     .causes = "A bug in the server.\n",
     .check = "Operator: look for the request id in the log of the server.\n",
     .mend = "Report it, with the log line.\n",
     .request = append_call, .facts = "",
     .mistakes = "", .x_witness = Witness::recorded, .x_note = ""},
    {.code = ErrorCode::store_not_found, .slug = "store_not_found", .fault = Fault::server, .status = 500, .retryable = false,
     .title = "A store did not find a row",
     .hint = "Tell the operator the request id.",
     .symptom = "500; this code is for use inside of the server and should never be seen.",
     .causes = "A bug: a use case passed on what it should have translated.\n",
     .check = "Operator: look for the request id in the log of the server.\n",
     .mend = "Report it, with the log line.\n",
     .request = append_call, .facts = "",
     .mistakes = "", .x_witness = Witness::ours, .x_note = ""},
    {.code = ErrorCode::store_conflict, .slug = "store_conflict", .fault = Fault::server, .status = 500, .retryable = true,
     .title = "A store refused a change",
     .hint = "Repeat the call.",
     .symptom = "500; this code is for use inside of the server and should never be seen.",
     .causes = "Two calls changed the same upload at once, and the second gave up.\n",
     .check = "Operator: look for the request id in the log of the server.\n",
     .mend = "Repeat the call. If it stays, report it.\n",
     .request = append_call, .facts = "",
     .mistakes = "", .x_witness = Witness::ours, .x_note = ""},
});
// clang-format on
static_assert(fills(rows, server_codes));

}  // namespace

std::span<const ErrorEntry> server_rows() {
    return rows;
}

}  // namespace sluice::catalogue
