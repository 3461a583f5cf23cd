#include "cambium/analysis/block_size.h"

#include "cambium/formats/json.h"

namespace cambium::analysis {

int64_t find_block_size(const std::filesystem::path& model, int64_t layers) {
  constexpr int64_t kUsual = 4;
  if (const std::filesystem::path file = model / "trainer.json"; std::filesystem::exists(file)) {
    const formats::Json trainer = formats::read_json(file);
    if (trainer.is_object() && trainer.contains("growth") && trainer["growth"].is_array() &&
        !trainer["growth"].empty()) {
      const formats::Json& growth = trainer["growth"].back();
      if (growth.is_object() && growth.contains("sources") && growth["sources"].is_array()) {
        const auto added = static_cast<int64_t>(growth["sources"].size());
        if (added > 0 && added <= layers) {
          return added;
        }
      }
    }
  }
  return layers % kUsual == 0 && layers >= 2 * kUsual ? kUsual : 0;
}

}  // namespace cambium::analysis
