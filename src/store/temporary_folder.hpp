// TemporaryFolder: a folder for one test of a store, removed with all that is in it.
#pragma once

#include <stdlib.h>  // mkdtemp is not in <cstdlib>

#include <filesystem>
#include <string>

#include "base/assert.hpp"

namespace sluice {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "sluice-XXXXXX").string();
        SLUICE_ASSERT(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    std::string path(const std::string& name = "") const {
        return name.empty() ? path_ : path_ + "/" + name;
    }

  private:
    std::string path_;
};

}  // namespace sluice
