#include "cambium/train/metrics.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/lines.h"
#include "cambium/base/log.h"

namespace cambium::train {
namespace fs = std::filesystem;
namespace {

constexpr int64_t kMaxBytes = int64_t{8} << 30;

/// A growth or an intervention: what checkpoints count too.
bool changes_model(const formats::Json& line) {
  const auto event = line.find("event");
  return event != line.end() && (*event == "growth" || *event == "symmetrize");
}

FileWriter open_lines(const fs::path& path, int64_t step, size_t events) {
  if (fs::exists(path)) {
    const std::string content = read_file(path, kMaxBytes);
    const std::string kept = lines_up_to(content, step, events);
    if (kept.size() != content.size()) {
      write_file_atomic(path, kept);
    }
  }
  FileWriter lines(path, FileWriter::Mode::kAppend);
  sync_directory(path.parent_path());  // the file's name; its lines follow in Metrics::sync
  return lines;
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// JSON has no NaN or infinity: null stands for them.
formats::Json number(double value) { return std::isfinite(value) ? formats::Json(value) : formats::Json(nullptr); }

/// A loss of a line, NaN where it is missing or null.
double loss_of(const formats::Json& line, const char* key) {
  const auto value = line.find(key);
  return value != line.end() && value->is_number() ? value->get<double>() : std::numeric_limits<double>::quiet_NaN();
}

bool has_event_files(const fs::path& directory) {
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::string lines_up_to(const std::string& content, int64_t step, size_t events) {
  size_t seen = 0;
  const size_t kept = take_lines(content, [&](std::string_view line) {
    const formats::Json json = formats::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    const bool wanted = json.is_object() && json.contains("step") && formats::as_integer(json["step"], 0, step);
    return wanted && (!changes_model(json) || ++seen <= events);
  });
  return content.substr(0, kept);
}

FinalLosses read_final_losses(const fs::path& run_directory) {
  FinalLosses losses{loss_of({}, "loss"), loss_of({}, "val_loss")};
  if (!fs::exists(run_directory / "metrics.jsonl")) {
    return losses;
  }
  take_lines(read_file(run_directory / "metrics.jsonl", kMaxBytes), [&](std::string_view line) {
    const formats::Json json = formats::Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (json.is_object() && json.contains("loss")) {
      losses = {loss_of(json, "loss"), loss_of(json, "val_loss")};
    }
    return true;
  });
  return losses;
}

Metrics::Metrics(const fs::path& run_directory, int64_t step, size_t events, bool tensorboard)
    : lines_(open_lines(run_directory / "metrics.jsonl", step, events)) {
  if (tensorboard) {
    const bool goes_on = has_event_files(run_directory);
    tensorboard_ = std::make_unique<formats::TensorBoardWriter>(run_directory);
    if (goes_on) {
      tensorboard_->resume(step + 1, wall_time());
      tensorboard_->flush();
    }
  }
}

template <typename Work>
void Metrics::unless_full(const Work& work) {
  try {
    work();
    full_ = false;
  } catch (const DiskFull& error) {
    if (!std::exchange(full_, true)) {
      log_warning(format("{}; training goes on, and what was not written is kept in memory", error.what()));
    }
  }
}

void Metrics::write(const formats::Json& line) {
  if (lines_) {
    unless_full([&] {
      lines_->write(line.dump() + "\n");
      lines_->flush();
    });
  }
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
  formats::Json tokens = formats::Json::object(), epochs = formats::Json::object();
  for (const StepMetrics::SourceUse& source : m.sources) {
    tokens[source.path] = tokens.value(source.path, int64_t{0}) + source.tokens;  // a path may stand in two phases
    epochs[source.path] = source.epochs;
  }
  line["source_tokens"] = tokens;
  line["source_epochs"] = epochs;
  write(line);
  if (tensorboard_ != nullptr) {
    const double now = wall_time();
    for (const auto& [name, value] : line.items()) {
      if (name != "step" && value.is_number()) {
        tensorboard_->scalar(name, value.get<double>(), m.step, now);
      }
    }
    for (const auto& [path, value] : tokens.items()) {
      tensorboard_->scalar("source_tokens/" + path, value.get<double>(), m.step, now);
    }
    unless_full([&] { tensorboard_->flush(); });
  }
}

void Metrics::log_event(const formats::Json& event) { write(event); }

void Metrics::log_results(std::string_view group, int64_t step, const formats::Json& results) {
  if (tensorboard_ == nullptr) {
    return;
  }
  const double now = wall_time();
  for (const auto& [task, metrics] : results.items()) {
    for (const auto& [name, value] : metrics.items()) {
      if (value.is_number()) {
        tensorboard_->scalar(format("{}/{}/{}", group, task, name), value.get<double>(), step, now);
      }
    }
  }
  unless_full([&] { tensorboard_->flush(); });
}

void Metrics::sync() {
  if (lines_) {
    lines_->sync();
  }
}

}  // namespace cambium::train
