#include "apps/cambium/run_study.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <vector>

#include "cambium/base/error.h"
#include "cambium/report/collect.h"
#include "cambium/report/summary.h"
#include "cambium/study/jobs/job.h"
#include "cambium/study/jobs/progress_table.h"
#include "cambium/study/jobs/study_record.h"

using namespace cambium::study;

Settings study_settings(const StudyConfig& study, int jobs) {
  return {.program = std::filesystem::read_symlink("/proc/self/exe"), .folder = study.runs / ".study", .jobs = jobs};
}

int run_study(const StudyConfig& study, int parallel) {
  const std::vector<Job> jobs = make_jobs(study);
  const Settings settings = study_settings(study, parallel);
  write_study_record(study, jobs, CAMBIUM_VERSION);
  ProgressTable table(jobs, settings);
  const std::vector<JobState> states = run_jobs(jobs, settings, table);
  table.clear();
  const auto count = [&](State state) {
    return std::count_if(states.begin(), states.end(), [&](const JobState& s) { return s.state == state; });
  };
  if (states.back().state == State::kDone) {
    const cambium::report::Collection collection = cambium::report::collect(std::vector{record_file(study)});
    std::printf("%s\n", cambium::report::results_table(collection).c_str());
    for (const std::string& sentence : cambium::report::summary(collection)) {
      std::puts(sentence.c_str());
    }
    std::printf("\n%s\n", (study.out / "report.html").c_str());
  }
  const auto failed = count(State::kFailed), blocked = count(State::kBlocked);
  if (failed + blocked > 0) {
    cambium::fail("{} of {} jobs failed and {} could not begin; the same command tries them again", failed, jobs.size(),
                  blocked);
  }
  return static_cast<int>(cambium::ExitCode::kDone);
}
