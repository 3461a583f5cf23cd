#include "cambium/study/jobs/study_record.h"

#include <sys/utsname.h>

#include <thread>

#include "cambium/base/cpu.h"
#include "cambium/base/files.h"
#include "cambium/base/format.h"
#include "cambium/formats/json.h"

namespace cambium::study {

void write_study_record(const StudyConfig& study, std::span<const Job> jobs, const std::string& version) {
  using formats::Json;
  Json runs = Json::array(), commands = Json::array();
  for (const StudyConfig::Variant& variant : study.variants) {
    for (const int64_t seed : study.seeds) {
      const std::filesystem::path directory =
          std::filesystem::proximate(run_directory(study, variant.name, seed), study.out);
      runs.push_back({{"dir", directory.string()}, {"variant", variant.name}, {"seed", seed}});
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
  write_file_atomic(record_file(study), json.dump(1) + "\n");
}

}  // namespace cambium::study
