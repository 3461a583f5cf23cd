#include "cambium/dist/environment.h"

#include <charconv>
#include <cstdlib>
#include <string>
#include <vector>

#include "cambium/base/error.h"

namespace cambium::dist {
namespace {

constexpr int64_t kDefaultPort = 29500;
constexpr int64_t kMostRanks = 1 << 20;

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

/// Reads variables that belong together; what is missing of them is told with what is there.
class Reader {
 public:
  Reader(const Variables& variables, std::string launcher) : variables_(variables), launcher_(std::move(launcher)) {}

  std::string text(const std::string& name) const {
    if (auto value = variables_(name)) {
      return *value;
    }
    bad_input("environment: {} is not set, but other variables of {} are; expected all of them or none", name,
              launcher_);
  }
  int64_t integer(const std::string& name, int64_t low, int64_t high) const {
    return checked(name, text(name), low, high);
  }
  std::optional<int64_t> optional_integer(const std::string& name, int64_t low, int64_t high) const {
    const auto value = variables_(name);
    return value ? std::optional(checked(name, *value, low, high)) : std::nullopt;
  }

 private:
  static int64_t checked(const std::string& name, const std::string& found, int64_t low, int64_t high) {
    const std::optional<int64_t> value = parse_integer(found);
    if (!value || *value < low || *value > high) {
      bad_input("environment: {} is `{}`; expected an integer from {} to {}", name, found, low, high);
    }
    return *value;
  }

  const Variables& variables_;
  std::string launcher_;
};

/// What a launcher calls a process's place.
struct Names {
  std::string rank, size, local_rank;
  std::string local_size = {};  ///< "": it gives each process cores of its own
};

Environment read_place(const Reader& reader, const Names& names) {
  const auto& [rank, size, local_rank, local_size] = names;
  Environment found;
  found.size = reader.integer(size, 1, kMostRanks);
  found.rank = reader.integer(rank, 0, kMostRanks);
  if (found.rank >= found.size) {
    bad_input("environment: {} is {}, but {} is {}; expected 0 to {}", rank, found.rank, size, found.size,
              found.size - 1);
  }
  found.local_rank = reader.optional_integer(local_rank, 0, kMostRanks);
  if (!local_size.empty()) {
    found.local_size = reader.optional_integer(local_size, 1, kMostRanks).value_or(1);
  }
  return found;
}

int64_t read_port(const Reader& reader, int64_t otherwise) {
  return reader.optional_integer("MASTER_PORT", 1, 65535).value_or(otherwise);
}

Environment from_torchrun(const Variables& variables) {
  const Reader reader(variables, "torchrun (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT)");
  Environment found = read_place(reader, {"RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"});
  if (found.size > 1) {
    found.address = reader.text("MASTER_ADDR");
    found.port = reader.integer("MASTER_PORT", 1, 65535);
    found.launcher_listens = variables("TORCHELASTIC_USE_AGENT_STORE").value_or("") == "True";
    found.attempt = format("{}/{}/{}", variables("TORCHELASTIC_RUN_ID").value_or("none"),
                           variables("TORCHELASTIC_RESTART_COUNT").value_or("0"), found.size);
  }
  return found;
}

Environment from_slurm(const Variables& variables) {
  const Reader reader(variables, "srun (SLURM_PROCID, SLURM_NTASKS)");
  const std::string size = variables("SLURM_STEP_NUM_TASKS") ? "SLURM_STEP_NUM_TASKS" : "SLURM_NTASKS";
  Environment found = read_place(reader, {"SLURM_PROCID", size, "SLURM_LOCALID"});
  if (found.size > 1) {
    std::optional<std::string> hosts;
    for (const char* name : {"SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST", "SLURM_NODELIST"}) {
      hosts = hosts ? hosts : variables(name);
    }
    const auto address = variables("MASTER_ADDR");
    if (!address && !hosts) {
      bad_input("environment: neither MASTER_ADDR nor SLURM_JOB_NODELIST is set, but SLURM_NTASKS is {}", found.size);
    }
    found.address = address ? *address : first_host(*hosts);
    // Jobs that share a machine differ in their number, and what a job starts side by side in that of its step.
    constexpr int64_t kFirst = 15000, kPorts = 10000, kApart = 101;
    const int64_t job = reader.optional_integer("SLURM_JOB_ID", 0, INT64_MAX).value_or(kDefaultPort - kFirst);
    const int64_t step = reader.optional_integer("SLURM_STEP_ID", 0, UINT32_MAX).value_or(0);
    found.port = read_port(reader, kFirst + (job % kPorts + kApart * step) % kPorts);
    found.attempt = format("slurm/{}/{}", variables("SLURM_STEP_ID").value_or("0"), found.size);
  }
  return found;
}

Environment from_open_mpi(const Variables& variables) {
  const Reader reader(variables, "mpirun (OMPI_COMM_WORLD_RANK, OMPI_COMM_WORLD_SIZE)");
  Environment found = read_place(reader, {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                                          "OMPI_COMM_WORLD_LOCAL_SIZE"});
  if (found.size > 1) {
    const auto address = variables("MASTER_ADDR");
    if (!address && found.local_size != found.size) {
      bad_input(
          "environment: MASTER_ADDR is not set, and mpirun started processes on several machines\n"
          "  HINT: mpirun -x MASTER_ADDR=<the first machine> ...");
    }
    found.address = address.value_or("127.0.0.1");
    found.port = read_port(reader, kDefaultPort);
    found.attempt = format("mpi/{}", found.size);
  }
  return found;
}

/// Without srun, the variables of a batch script are those of its first process, which starts no others.
bool is_batch_script(const Variables& variables) {
  return variables("SLURM_JOB_ID") && !variables("SLURM_STEP_ID") && !variables("SLURM_STEPID");
}

}  // namespace

std::optional<std::string> process_variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr && *value != '\0' ? std::optional<std::string>(value) : std::nullopt;
}

Environment read_environment(const Variables& variables) {
  const auto any = [&](std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (variables(name)) {
        return true;
      }
    }
    return false;
  };
  if (any({"RANK", "WORLD_SIZE", "LOCAL_RANK"})) {
    return from_torchrun(variables);
  }
  if (any({"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"})) {  // mpirun inside of a Slurm job sees Slurm's too
    return from_open_mpi(variables);
  }
  if (any({"SLURM_PROCID"}) && !is_batch_script(variables)) {
    return from_slurm(variables);
  }
  return {};
}

std::string first_host(std::string_view list) {
  const size_t end = list.find_first_of(",[");
  std::string host(list.substr(0, end));
  if (end != std::string_view::npos && list[end] == '[') {
    const size_t first = end + 1, last = list.find_first_of(",-]", first);
    if (last == std::string_view::npos || last == first) {
      bad_input("environment: `{}` is no list of hosts as Slurm writes them", list);
    }
    host += list.substr(first, last - first);
    const size_t close = list.find(']', last);
    if (close == std::string_view::npos) {
      bad_input("environment: `{}` is no list of hosts as Slurm writes them", list);
    }
    host += list.substr(close + 1, list.find(',', close) - close - 1);
  }
  if (host.empty()) {
    bad_input("environment: `{}` is no list of hosts as Slurm writes them", list);
  }
  return host;
}

std::string own_device(const std::optional<std::string>& visible, int64_t local_rank) {
  if (!visible) {
    return std::to_string(local_rank);
  }
  std::vector<std::string> devices{""};
  for (const char c : *visible) {
    if (c == ',') {
      devices.emplace_back();
    } else {
      devices.back() += c;
    }
  }
  if (devices.size() == 1) {
    return *visible;
  }
  if (local_rank >= static_cast<int64_t>(devices.size())) {
    bad_input("environment: LOCAL_RANK is {}, but CUDA_VISIBLE_DEVICES=`{}` names {} GPUs; expected one a process",
              local_rank, *visible, devices.size());
  }
  return devices[static_cast<size_t>(local_rank)];
}

}  // namespace cambium::dist
