#include "cambium/train/metrics.h"

#include <chrono>
#include <cmath>
#include <string>
#include <string_view>

#include "cambium/base/error.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

/// The lines of a metrics file that belong to the first `step` steps and the first `growths` growth events. A line that
/// a kill cut short is dropped with all behind it.
std::string lines_up_to(const std::string& content, int64_t step, size_t growths) {
  std::string kept;
  size_t seen_growths = 0;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = content.find('\n', begin);
    if (end == std::string::npos) {
      break;
    }
    const std::string_view line(content.data() + begin, end + 1 - begin);
    begin = end + 1;
    const formats::Json json = formats::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) {
      break;
    }
    if (json["step"].get<int64_t>() > step) {
      break;
    }
    if (json.value("event", "") == "growth" && ++seen_growths > growths) {
      break;
    }
    kept += line;
  }
  return kept;
}

FileWriter open_lines(const fs::path& path, int64_t step, size_t growths) {
  if (fs::exists(path)) {
    constexpr int64_t kMaxBytes = int64_t{8} << 30;
    const std::string content = read_file(path, kMaxBytes);
    const std::string kept = lines_up_to(content, step, growths);
    if (kept.size() != content.size()) {
      write_file_atomic(path, kept);
    }
  }
  return FileWriter(path, FileWriter::Mode::kAppend);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// JSON has no NaN or infinity: null stands for them.
formats::Json number(double value) { return std::isfinite(value) ? formats::Json(value) : formats::Json(nullptr); }

}  // namespace

Metrics::Metrics(const fs::path& run_directory, int64_t step, size_t growths, bool tensorboard)
    : lines_(open_lines(run_directory / "metrics.jsonl", step, growths)) {
  if (tensorboard) {
    tensorboard_ = std::make_unique<formats::TensorBoardWriter>(run_directory);
  }
}

void Metrics::write(const formats::Json& line) {
  lines_.write(line.dump() + "\n");
  lines_.flush();
}

void Metrics::log(const StepMetrics& m) {
  formats::Json line{{"step", m.step},
                     {"tokens", m.tokens},
                     {"loss", number(m.loss)},
                     {"grad_norm", number(m.grad_norm)},
                     {"lr", m.lr},
                     {"layers", m.layers},
                     {"tokens_per_second", number(m.tokens_per_second)},
                     {"mfu", number(m.mfu)},
                     {"seconds", m.seconds},
                     {"data_wait", m.data_wait}};
  if (m.val_loss) {
    line["val_loss"] = number(*m.val_loss);
  }
  write(line);
  if (tensorboard_ != nullptr) {
    const double now = wall_time();
    for (const auto& [name, value] : line.items()) {
      if (name != "step" && value.is_number()) {
        tensorboard_->scalar(name, value.get<double>(), m.step, now);
      }
    }
    tensorboard_->flush();
  }
}

void Metrics::log_event(const formats::Json& event) { write(event); }

}  // namespace cambium::train
