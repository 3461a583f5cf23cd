#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cambium::dist {

/// What a launcher tells a process of its place among all processes of a run.
struct Environment {
  int64_t rank = 0;
  int64_t size = 1;                   ///< processes in all
  std::optional<int64_t> local_rank;  ///< among those of this machine
  int64_t local_size = 1;             ///< processes on this machine, as far as the launcher says
  std::string address;                ///< where rank 0 listens; "" for a single process
  int64_t port = 0;
  bool launcher_listens = false;  ///< the launcher itself listens there (torchrun)
  std::string attempt;            ///< tells the starts of an elastic run apart
};

/// The value of an environment variable; nothing where it is not set or empty.
using Variables = std::function<std::optional<std::string>(const std::string& name)>;
std::optional<std::string> process_variable(const std::string& name);

/// Reads, in this order, what torchrun sets (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT; LOCAL_RANK), what srun sets
/// (SLURM_PROCID, SLURM_NTASKS; SLURM_LOCALID), what mpirun of Open MPI sets (OMPI_COMM_WORLD_RANK,
/// OMPI_COMM_WORLD_SIZE; OMPI_COMM_WORLD_LOCAL_RANK). Slurm's first host stands for a MASTER_ADDR that is not set, this
/// machine for that of an mpirun on one machine. A batch script of Slurm without srun is a single process. Throws
/// InvalidInput for a set that is incomplete or does not fit together.
Environment read_environment(const Variables& variables = process_variable);

/// The first host of a Slurm list: "node[03-05,9],login" -> "node03". Throws InvalidInput where there is none.
std::string first_host(std::string_view list);

/// What CUDA_VISIBLE_DEVICES is to be for the process `local_rank` of a machine, so that its only GPU is its own:
/// `visible` (what it is; nothing: not set) where that names a single one already. Throws InvalidInput where there are
/// fewer than needed.
std::string own_device(const std::optional<std::string>& visible, int64_t local_rank);

}  // namespace cambium::dist
