// Reports: what the commands about the store and its backups answer, as JSON. Pure functions.
#pragma once

#include "recovery/restore.hpp"
#include "recovery/verify.hpp"
#include "store/rocks_store.hpp"

#include <nlohmann/json.hpp>

namespace tandemq {

nlohmann::ordered_json to_json(const StoreInfo& info, Lsn tables_at);
nlohmann::ordered_json to_json(const Verification& verification);
nlohmann::ordered_json to_json(const Backup& backup);
nlohmann::ordered_json to_json(const Restored& restored);

}  // namespace tandemq
