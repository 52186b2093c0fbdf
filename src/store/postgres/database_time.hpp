// The time of the database in its SQL texts, in milliseconds since 1970: what several nodes must judge
// alike goes by it, whatever the clocks of the nodes say. A macro, since only literals can be joined at
// compile time.
#pragma once

#define SLUICE_DATABASE_NOW "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
