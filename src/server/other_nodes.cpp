#include "server/other_nodes.hpp"

#include <string>

#include "store/postgres/postgres_node_store.hpp"

namespace sluice::server {

Result<void> check_nodes_stopped(const Stores& stores) {
    if (stores.database == nullptr) {
        return ok();
    }
    const auto live = PostgresNodeStore(stores.database).live();
    if (!live) {
        return live.error();
    }
    std::string names;
    for (const NodeRow& node : *live) {
        names +=
            (names.empty() ? "" : ", ") + std::to_string(node.id) + " (" + node.facts.role + ")";
    }
    if (names.empty()) {
        return ok();
    }
    return Error{
        .code = ErrorCode::storage_failed,
        .facts = "Nodes that write to this storage run, or ran until a moment ago: " + names +
                 ". Stop them first.",
    };
}

}  // namespace sluice::server
