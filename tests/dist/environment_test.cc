#include "cambium/dist/environment.h"

#include <gtest/gtest.h>

#include <map>

#include "tests/support/refusal.h"

namespace cambium::dist {
namespace {

using Set = std::map<std::string, std::string>;

Environment read(const Set& set) {
  return read_environment([&](const std::string& name) {
    const auto found = set.find(name);
    return found == set.end() ? std::nullopt : std::optional(found->second);
  });
}

Set with(Set set, const Set& more) {
  for (const auto& [name, value] : more) {
    set[name] = value;
  }
  return set;
}

Set without(Set set, const std::string& name) {
  set.erase(name);
  return set;
}

const Set kTorchrun = {
    {"RANK", "3"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}, {"MASTER_ADDR", "a"}, {"MASTER_PORT", "123"}};
const Set kSlurm = {{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "6"},  {"SLURM_LOCALID", "2"},
                    {"SLURM_JOB_ID", "7"}, {"SLURM_STEP_ID", "0"}, {"SLURM_JOB_NODELIST", "n[07-09]"}};
const Set kOpenMpi = {{"OMPI_COMM_WORLD_RANK", "1"},
                      {"OMPI_COMM_WORLD_SIZE", "2"},
                      {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                      {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}};

TEST(ReadEnvironment, IsOneProcessWithoutALauncher) {
  for (const Set& set : {Set{}, Set{{"MASTER_ADDR", "a"}}, Set{{"SLURM_NTASKS", "4"}},
                         without(kSlurm, "SLURM_STEP_ID")}) {  // a batch script
    const Environment found = read(set);
    EXPECT_EQ(found.rank, 0);
    EXPECT_EQ(found.size, 1);
  }
}

TEST(ReadEnvironment, KnowsTorchrun) {
  const Environment found = read(with(kTorchrun, {{"LOCAL_WORLD_SIZE", "4"}, {"SLURM_PROCID", "0"}}));
  EXPECT_EQ(found.rank, 3);
  EXPECT_EQ(found.size, 8);
  EXPECT_EQ(found.local_rank, 1);
  EXPECT_EQ(found.local_size, 4);
  EXPECT_EQ(found.address, "a");
  EXPECT_EQ(found.port, 123);
  EXPECT_FALSE(found.launcher_listens);
  EXPECT_TRUE(read(with(kTorchrun, {{"TORCHELASTIC_USE_AGENT_STORE", "True"}})).launcher_listens);
  EXPECT_NE(read(with(kTorchrun, {{"TORCHELASTIC_RESTART_COUNT", "1"}})).attempt, found.attempt);
  EXPECT_EQ(read(without(kTorchrun, "LOCAL_RANK")).local_rank, std::nullopt);
  EXPECT_EQ(read({{"RANK", "0"}, {"WORLD_SIZE", "1"}}).size, 1);
}

TEST(ReadEnvironment, KnowsSlurm) {
  const Environment found = read(kSlurm);
  EXPECT_EQ(found.rank, 5);
  EXPECT_EQ(found.size, 6);
  EXPECT_EQ(found.local_rank, 2);
  EXPECT_EQ(found.address, "n07");
  EXPECT_EQ(found.port, 15007);
  EXPECT_NE(read(with(kSlurm, {{"SLURM_STEP_ID", "1"}})).port, 15007) << "of two steps of a job on one machine";
  EXPECT_EQ(read(with(kSlurm, {{"MASTER_ADDR", "b"}, {"MASTER_PORT", "99"}})).address, "b");
  EXPECT_EQ(read(with(kSlurm, {{"MASTER_PORT", "99"}})).port, 99);
  EXPECT_EQ(read({{"SLURM_PROCID", "1"}, {"SLURM_NTASKS", "2"}, {"SLURM_NODELIST", "x,y"}}).address, "x");
}

TEST(ReadEnvironment, KnowsOpenMpi) {
  const Environment found = read(kOpenMpi);
  EXPECT_EQ(found.rank, 1);
  EXPECT_EQ(found.size, 2);
  EXPECT_EQ(found.local_rank, 1);
  EXPECT_EQ(found.address, "127.0.0.1");
  EXPECT_EQ(read(with(kOpenMpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"}, {"MASTER_ADDR", "c"}})).address, "c");
}

TEST(ReadEnvironment, RefusesWhatIsHalfSet) {
  for (const char* name : {"RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"}) {
    EXPECT_REFUSAL(read(without(kTorchrun, name)), name);
  }
  EXPECT_REFUSAL(read({{"LOCAL_RANK", "0"}}), "WORLD_SIZE is not set");
  EXPECT_REFUSAL(read(without(kSlurm, "SLURM_NTASKS")), "SLURM_NTASKS is not set");
  EXPECT_REFUSAL(read(without(kSlurm, "SLURM_JOB_NODELIST")), "SLURM_JOB_NODELIST");
  EXPECT_REFUSAL(read(without(kOpenMpi, "OMPI_COMM_WORLD_SIZE")), "OMPI_COMM_WORLD_SIZE is not set");
  EXPECT_REFUSAL(read(with(kOpenMpi, {{"OMPI_COMM_WORLD_LOCAL_SIZE", "1"}})), "MASTER_ADDR");
}

TEST(ReadEnvironment, RefusesWhatDoesNotFit) {
  EXPECT_REFUSAL(read(with(kTorchrun, {{"RANK", "8"}})), "RANK is 8, but WORLD_SIZE is 8; expected 0 to 7");
  EXPECT_REFUSAL(read(with(kTorchrun, {{"RANK", "x"}})), "RANK is `x`; expected an integer");
  EXPECT_REFUSAL(read(with(kTorchrun, {{"WORLD_SIZE", "0"}})), "WORLD_SIZE is `0`");
  EXPECT_REFUSAL(read(with(kTorchrun, {{"MASTER_PORT", "70000"}})), "expected an integer from 1 to 65535");
}

TEST(FirstHost, ReadsSlurmsLists) {
  EXPECT_EQ(first_host("login"), "login");
  EXPECT_EQ(first_host("a,b"), "a");
  EXPECT_EQ(first_host("node[03-05,9],login"), "node03");
  EXPECT_EQ(first_host("node[7]"), "node7");
  EXPECT_EQ(first_host("rack[1-2]-gpu,x"), "rack1-gpu");
  for (const char* bad : {"", "node[", "node[]", "node[3-5"}) {
    EXPECT_REFUSAL(first_host(bad), "no list of hosts");
  }
}

TEST(OwnDevice, IsOneOfThoseThatAreSeen) {
  EXPECT_EQ(own_device(std::nullopt, 3), "3");
  EXPECT_EQ(own_device("4,5,6", 1), "5");
  EXPECT_EQ(own_device("7", 1), "7");  // the launcher gave each process its own
  EXPECT_REFUSAL(own_device("4,5", 2), "names 2 GPUs");
}

}  // namespace
}  // namespace cambium::dist
