#include "cambium/analysis/partial.h"

#include "cambium/base/error.h"
#include "cambium/base/lines.h"
#include "cambium/base/signals.h"

namespace cambium::analysis {

using formats::Json;

Partial::Partial(std::filesystem::path file, std::string key) : file_(std::move(file)), key_(std::move(key)) {
  if (file_.empty()) {
    return;
  }
  read();
  // Written again from what could be read: a kill may have left half a line.
  std::string kept = Json{{"key", key_}}.dump() + "\n";
  for (const auto& [unit, value] : done_) {
    kept += Json{{"unit", unit}, {"value", value}}.dump() + "\n";
  }
  write_file_atomic(file_, kept);
  out_.emplace(file_, FileWriter::Mode::kAppend);
}

void Partial::read() {
  if (!std::filesystem::exists(file_)) {
    return;
  }
  const std::string text = read_file(file_, int64_t{4} << 30);
  bool first = true;
  take_lines(text, [&](std::string_view content) {
    const Json line = Json::parse(content, nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || (first && line.value("key", Json()) != Json(key_))) {
      return false;
    }
    if (!first && line.contains("unit") && line["unit"].is_string() && line.contains("value")) {
      done_[line["unit"].get<std::string>()] = line["value"];
    }
    first = false;
    return true;
  });
}

void Partial::expect(int64_t units, const std::string& unit) {
  progress_.emplace(name_, units, unit);
  count_ = 0;
}

Json Partial::get(const std::string& unit, const std::function<Json()>& work) {
  if (const Json* found = find(unit)) {
    ++count_;
    return *found;
  }
  check_signal();
  keep(unit, work());
  return done_[unit];
}

const Json* Partial::find(const std::string& unit) const {
  const auto found = done_.find(unit);
  return found == done_.end() ? nullptr : &found->second;
}

void Partial::keep(const std::string& unit, Json value) {
  if (out_) {
    out_->write(Json{{"unit", unit}, {"value", value}}.dump() + "\n");
    out_->flush();
  }
  done_[unit] = std::move(value);
  if (progress_) {
    progress_->update(++count_);
  }
}

void Partial::step() {
  check_signal();
  if (progress_) {
    progress_->update(++count_);
  }
}

void Partial::check_signal() const {
  if (StopRequest::signal() != 0) {
    throw Stopped(format(
        "{}: stopped{}", name_,
        file_.empty() ? "" : "; the same command goes on from here, with the results so far in " + file_.string()));
  }
}

void Partial::begin(std::string name) { name_ = std::move(name); }

void Partial::end() {
  if (progress_) {
    progress_->finish();
    progress_.reset();
  }
}

}  // namespace cambium::analysis
