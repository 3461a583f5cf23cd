#include <algorithm>
#include <cstdlib>

#include "cambium/base/error.h"
#include "cambium/base/log.h"
#include "cambium/base/text.h"
#include "cambium/eval/tasks/task.h"

namespace cambium::eval {
namespace fs = std::filesystem;
namespace {

/// Names are compared without regard to what stands between words.
std::string plain_name(std::string_view name) {
  std::string plain(name);
  std::replace(plain.begin(), plain.end(), '-', '_');
  std::replace(plain.begin(), plain.end(), ' ', '_');
  return plain;
}

}  // namespace

fs::path task_folder() {
  if (const char* given = std::getenv("CAMBIUM_TASKS")) {
    return given;
  }
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  for (const fs::path& folder : {program / "tasks", program / "../share/cambium/tasks", fs::path(CAMBIUM_TASKS_DIR)}) {
    if (fs::is_directory(folder, ignored)) {
      return folder.lexically_normal();
    }
  }
  bad_input("no folder of task files was found beside the program; CAMBIUM_TASKS names one");
}

std::vector<Task> read_tasks(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".toml") {
      files.push_back(entry.path());
    }
  }
  if (files.empty()) {
    bad_input("{}: expected a folder with task files (NAME.toml)", folder.string());
  }
  std::sort(files.begin(), files.end());
  std::vector<Task> tasks;
  for (const fs::path& file : files) {
    tasks.push_back(read_task(file));
    if (tasks.back().name != file.stem()) {
      bad_input("{}: `task`: expected the file's name, \"{}\", found \"{}\"", file.string(), file.stem().string(),
                tasks.back().name);
    }
  }
  return tasks;
}

std::vector<Task> select_tasks(std::string_view list, const fs::path& folder, const fs::path& data) {
  std::vector<Task> tasks = read_tasks(folder);
  std::vector<std::string> known{"all"};
  for (const Task& task : tasks) {
    known.push_back(task.name);
    if (std::find(known.begin(), known.end(), task.group) == known.end()) {
      known.push_back(task.group);
    }
  }
  std::vector<size_t> taken;
  for (size_t at = 0; at <= list.size();) {
    const size_t end = std::min(list.find(',', at), list.size());
    const std::string name = plain_name(list.substr(at, end - at));
    at = end + 1;
    bool found = false;
    for (size_t i = 0; i < tasks.size(); ++i) {
      const bool named = plain_name(tasks[i].name) == name;
      if (!named && name != "all" && plain_name(tasks[i].group) != name) {
        continue;
      }
      found = true;
      const auto missing = missing_file(tasks[i].source, data);
      if (missing && !named) {
        log_warning(format("{}: left out: {}", tasks[i].name, *missing));
      } else if (std::find(taken.begin(), taken.end(), i) == taken.end()) {
        taken.push_back(i);
      }
    }
    if (!found) {
      bad_input("--tasks: unknown task or group `{}`{}; --list names them", name, did_you_mean(name, known));
    }
  }
  if (taken.empty()) {
    bad_input("--tasks: {}: none of these tasks' files lie in {}", list, data.string());
  }
  std::vector<Task> selected;
  for (const size_t i : taken) {
    selected.push_back(std::move(tasks[i]));
  }
  return selected;
}

}  // namespace cambium::eval
