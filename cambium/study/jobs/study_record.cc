#include "cambium/study/jobs/study_record.h"

#include <sys/utsname.h>

#include <thread>

#include "cambium/base/cpu.h"
#include "cambium/base/files.h"
#include "cambium/base/format.h"
#include "cambium/formats/json.h"
#include "cambium/report/study_file.h"

namespace cambium::study {

void write_study_record(const StudyConfig& study, std::span<const Job> jobs, const std::string& version) {
  using formats::Json;
  Json runs = Json::array(), commands = Json::array();
  for (const StudyConfig::Variant& variant : study.variants) {
    for (const int64_t seed : study.seeds) {
      const std::filesystem::path directory = run_directory(study, variant.name, seed);
      runs.push_back({{"dir", directory.filename().string()}, {"variant", variant.name}, {"seed", seed}});
    }
  }
  for (const Job& job : jobs) {
    commands.push_back({{"job", job.name}, {"command", command_line(job)}});
  }
  utsname system{};
  uname(&system);
  const Json json{{"name", study.name},
                  {"question", study.question},
                  {"baseline", study.baseline},
                  {"runs", runs},
                  {"commands", commands},
                  {"machine",
                   {{"processor", cpu_name()},
                    {"cores", format("{}", std::thread::hardware_concurrency())},
                    {"system", format("{} {}, {}", system.sysname, system.release, system.machine)},
                    {"cambium", version}}}};
  make_directories(study.out);
  write_file_atomic(study.out / report::kStudyFile, json.dump(1) + "\n");
}

}  // namespace cambium::study
