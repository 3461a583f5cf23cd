#pragma once

#include <functional>

#include "cambium/dist/group.h"

/// Calls `work` with the processes that share a command: those that torchrun, srun or mpirun started, else this one
/// alone. Sets the threads of this one. Where one of them fails, the others end too. Returns what `work` does.
int with_ranks(const std::function<int(cambium::dist::Group&)>& work);
