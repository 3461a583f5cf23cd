#include "cambium/formats/parquet.h"

#include <dlfcn.h>

#include <cstdlib>

#include "cambium/base/error.h"
#include "cambium/formats/parquet/entry.h"

namespace cambium::formats {
namespace fs = std::filesystem;
namespace {

/// The function, or why there is none.
struct Loaded {
  OpenParquet open = nullptr;
  std::string why_not;
};

fs::path library() {
  if (const char* named = std::getenv("CAMBIUM_PARQUET_LIBRARY"); named != nullptr && *named != '\0') return named;
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& candidate : {beside / kParquetLibrary, beside / ".." / "lib" / "cambium" / kParquetLibrary,
                                    beside / ".." / "apps" / "cambium" / kParquetLibrary}) {
    if (fs::exists(candidate, ignored)) return candidate;
  }
  return {};
}

Loaded load() {
  const fs::path path = library();
  if (path.empty()) {
    return {nullptr, format("{} is not beside the program; it is built where Arrow C++ is: run scripts/bootstrap",
                            kParquetLibrary)};
  }
  void* const loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) return {nullptr, dlerror()};
  const auto open = reinterpret_cast<OpenParquet>(dlsym(loaded, kParquetEntry));
  if (open == nullptr) return {nullptr, format("{} is of another version of cambium", path.string())};
  return {open, ""};
}

class LoadedReader final : public ParquetReader {
 public:
  LoadedReader(std::unique_ptr<ParquetSource> source, std::string what)
      : source_(std::move(source)), what_(std::move(what)) {}

  int64_t num_rows() const override { return source_->num_rows(); }
  void skip(int64_t rows) override { source_->skip(rows); }
  bool next(ParquetRows& rows, int64_t max_rows) override {
    std::string fault;
    const bool more = source_->next(rows, max_rows, fault);
    if (!fault.empty()) bad_input("{}: {}", what_, fault);
    return more;
  }

 private:
  std::unique_ptr<ParquetSource> source_;
  std::string what_;
};

}  // namespace

std::unique_ptr<ParquetReader> open_parquet(const fs::path& path, const std::vector<std::string>& columns) {
  static const Loaded loaded = load();
  if (loaded.open == nullptr) bad_input("{}: this program cannot read Parquet: {}", path.string(), loaded.why_not);
  std::string fault;
  std::unique_ptr<ParquetSource> source(loaded.open(path.string(), columns, fault));
  if (!source) bad_input("{}: {}", path.string(), fault);
  return std::make_unique<LoadedReader>(std::move(source), path.string());
}

}  // namespace cambium::formats
