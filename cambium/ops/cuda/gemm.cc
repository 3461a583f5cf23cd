#include "cambium/ops/cuda/gemm.h"

#include <cublasLt.h>

#include <algorithm>
#include <array>
#include <map>

#include "cambium/base/error.h"
#include "cambium/ops/cuda/stream.h"

namespace cambium::ops::cuda {
namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) {
    fail("cublasLt: {}: {}", what, cublasLtGetStatusString(status));
  }
}

cudaDataType_t data_type(const at::Tensor& tensor) {
  return tensor.scalar_type() == at::kFloat ? CUDA_R_32F : CUDA_R_16BF;
}

/// What the choice of an algorithm follows from. cublasLt thinks in columns: what is row-major here is transposed
/// there, so that it is told to make outᵀ = bᵀ · aᵀ.
struct Problem {
  int64_t m, n, k, stride_a, stride_b, stride_out;
  cudaDataType_t input, output;
  bool transpose_a, transpose_b;
  std::array<uint32_t, 3> alignment;  ///< of b, a, out: largest power of two that divides the address, up to 256
  auto operator<=>(const Problem&) const = default;
};

uint32_t alignment_of(const at::Tensor& tensor) {
  const auto address = reinterpret_cast<uintptr_t>(tensor.const_data_ptr());
  uint32_t alignment = 256;
  while (address % alignment != 0) {
    alignment /= 2;
  }
  return alignment;
}

/// The descriptions of one problem, and the algorithm that cublasLt's heuristic puts first.
class Plan {
 public:
  Plan(cublasLtHandle_t handle, const Problem& problem, size_t workspace) {
    check(cublasLtMatmulDescCreate(&operation_, CUBLAS_COMPUTE_32F, CUDA_R_32F), "a description");
    set(CUBLASLT_MATMUL_DESC_TRANSA, problem.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, problem.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    const auto [n, m, k] = std::array{problem.n, problem.m, problem.k};
    left_ = layout(problem.input, problem.transpose_b ? k : n, problem.transpose_b ? n : k, problem.stride_b);
    right_ = layout(problem.input, problem.transpose_a ? m : k, problem.transpose_a ? k : m, problem.stride_a);
    out_ = layout(problem.output, n, m, problem.stride_out);

    cublasLtMatmulPreference_t preference = nullptr;
    check(cublasLtMatmulPreferenceCreate(&preference), "a preference");
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, const auto& value) {
      check(cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value), "a preference");
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, problem.alignment[0]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, problem.alignment[1]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, problem.alignment[2]);
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, problem.alignment[2]);
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle, operation_, left_, right_, out_, out_, preference, 1, &found, &count);
    cublasLtMatmulPreferenceDestroy(preference);
    check(status, "no algorithm for a product");
    if (count == 0) {
      fail("cublasLt: no algorithm for a product of [{}, {}] with [{}, {}]", problem.m, problem.k, problem.k,
           problem.n);
    }
    algorithm_ = found.algo;
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    for (const cublasLtMatrixLayout_t layout : {left_, right_, out_}) {
      cublasLtMatrixLayoutDestroy(layout);
    }
    cublasLtMatmulDescDestroy(operation_);
  }

  void run(cublasLtHandle_t handle, const at::Tensor& a, const at::Tensor& b, Put put, const at::Tensor& out,
           const at::Tensor& workspace) const {
    const float one = 1, before = put == Put::kAdd ? 1 : 0;
    check(cublasLtMatmul(handle, operation_, &one, b.const_data_ptr(), left_, a.const_data_ptr(), right_, &before,
                         out.const_data_ptr(), out_, out.mutable_data_ptr(), out_, &algorithm_,
                         workspace.mutable_data_ptr(), static_cast<size_t>(workspace.numel()), current_stream()),
          "a product");
  }

 private:
  void set(cublasLtMatmulDescAttributes_t attribute, cublasOperation_t value) {
    check(cublasLtMatmulDescSetAttribute(operation_, attribute, &value, sizeof value), "a description");
  }
  static cublasLtMatrixLayout_t layout(cudaDataType_t type, int64_t rows, int64_t columns, int64_t stride) {
    cublasLtMatrixLayout_t layout = nullptr;
    check(
        cublasLtMatrixLayoutCreate(&layout, type, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns), stride),
        "a layout");
    return layout;
  }

  cublasLtMatmulDesc_t operation_ = nullptr;
  cublasLtMatrixLayout_t left_ = nullptr, right_ = nullptr, out_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

/// Plans are made once a problem: training asks for a few dozen.
class Plans {
 public:
  void run(const Problem& problem, const at::Tensor& a, const at::Tensor& b, Put put, const at::Tensor& out) {
    if (handle_ == nullptr) {
      check(cublasLtCreate(&handle_), "a handle");
      workspace_ = at::empty({kWorkspace}, out.options().dtype(at::kByte));
    }
    auto plan = plans_.find(problem);
    if (plan == plans_.end()) {
      plan = plans_.try_emplace(problem, handle_, problem, static_cast<size_t>(kWorkspace)).first;
    }
    plan->second.run(handle_, a, b, put, out, workspace_);
  }

 private:
  static constexpr int64_t kWorkspace = 64 << 20;
  cublasLtHandle_t handle_ = nullptr;
  at::Tensor workspace_;
  std::map<Problem, Plan> plans_;
};

}  // namespace

void gemm(const at::Tensor& a, Take take_a, const at::Tensor& b, Take take_b, Put put, at::Tensor& out) {
  // Lives to the end of the process: the driver may be gone before static objects are destroyed.
  static Plans& plans = *new Plans;
  const bool transpose_a = take_a == Take::kTransposed, transpose_b = take_b == Take::kTransposed;
  const Problem problem{.m = out.size(0),
                        .n = out.size(1),
                        .k = a.size(transpose_a ? 0 : 1),
                        .stride_a = a.stride(0),
                        .stride_b = b.stride(0),
                        .stride_out = out.stride(0),
                        .input = data_type(a),
                        .output = data_type(out),
                        .transpose_a = transpose_a,
                        .transpose_b = transpose_b,
                        .alignment = {alignment_of(b), alignment_of(a), alignment_of(out)}};
  plans.run(problem, a, b, put, out);
}

}  // namespace cambium::ops::cuda
