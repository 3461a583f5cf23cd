#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "cambium/ops/adamw.h"
#include "cambium/ops/cross_entropy.h"
#include "cambium/ops/rope.h"

namespace cambium::ops {

/// Work that was recorded once and can be started again as one piece, over the same memory.
class RecordedWork {
 public:
  virtual ~RecordedWork() = default;
  virtual void replay() = 0;
};

/// The work itself, each time: for a device that cannot record, or is not to.
class RepeatedWork : public RecordedWork {
 public:
  explicit RepeatedWork(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

/// The ops of a device other than the CPU, whose own are built in. Each function is the op of its name, whose header
/// has the shapes; the fused ops (attention_input, mlp, …) are made of these there. Everything is asynchronous, in the
/// order of the calls.
class Backend {
 public:
  virtual ~Backend() = default;

  virtual void rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps, double scale, at::Tensor& y,
                        at::Tensor& inv_rms) = 0;
  virtual void rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& inv_rms, double scale, at::Tensor& dx, at::Tensor& dweight) = 0;
  virtual void linear(const at::Tensor& x, const at::Tensor& w, at::Tensor& y) = 0;
  virtual void linear_add(const at::Tensor& x, const at::Tensor& w, const at::Tensor& h, at::Tensor& branch,
                          at::Tensor& out) = 0;
  virtual void linear_input_grad(const at::Tensor& dy, const at::Tensor& w, at::Tensor& dx) = 0;
  virtual void linear_weight_grad(const at::Tensor& dy, const at::Tensor& x, at::Tensor& dw) = 0;
  virtual void swiglu(const at::Tensor& gate_up, at::Tensor& y) = 0;
  virtual void swiglu_backward(const at::Tensor& dy, at::Tensor& gate_up) = 0;
  /// direction 1 rotates, -1 rotates back.
  virtual void rope(at::Tensor& x, const RopeTable& table, int64_t heads, int64_t head_dim, int64_t seq, int64_t first,
                    double direction) = 0;
  virtual void residual_add(const at::Tensor& h, const at::Tensor& branch, at::Tensor& out) = 0;
  virtual void cast(const at::Tensor& x, at::Tensor& out) = 0;
  virtual void attention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, at::Tensor& out,
                         at::Tensor& lse) = 0;
  virtual void attention_backward(const at::Tensor& dout, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                  const at::Tensor& out, const at::Tensor& lse, at::Tensor& dq, at::Tensor& dk,
                                  at::Tensor& dv) = 0;
  virtual void cross_entropy(at::Tensor& logits, const at::Tensor& targets, at::Tensor& row_loss,
                             const LossGradient* gradient) = 0;
  virtual void embedding(const at::Tensor& table, const at::Tensor& ids, at::Tensor& h) = 0;
  virtual void embedding_backward(const at::Tensor& dh, const at::Tensor& ids, at::Tensor& dtable) = 0;
  virtual void adamw(const AdamWStep& step, const at::Tensor& guard, const at::Tensor& grad, at::Tensor& weight,
                     at::Tensor& exp_avg, at::Tensor& exp_avg_sq, at::Tensor& compute) = 0;
  virtual void sum_squares(const at::Tensor& x, at::Tensor& sum) = 0;

  /// For a first line of a run, for example "NVIDIA H100 80GB HBM3, compute capability 9.0, 79 GiB".
  virtual std::string describe() const = 0;
  /// Dense FLOPs per second of matrix products by the device's data sheet; 0 where it is not known.
  virtual double peak_flops(bool bfloat16) const = 0;
  /// Bytes of the device's memory that this process held at most, free blocks that its allocator keeps included.
  virtual int64_t peak_memory() const = 0;
  /// Whether only ops that give the same bits each time may be used.
  virtual void set_deterministic(bool on) = 0;
  /// Waits for everything that was started.
  virtual void synchronize() = 0;
  /// Records `work`, which must have run before (libraries set themselves up in their first calls).
  virtual std::unique_ptr<RecordedWork> record(const std::function<void()>& work) = 0;
};

/// The back end of a tensor's device; null for the CPU.
Backend* backend_of(const at::Tensor& tensor);

/// Makes `backend` (which must outlive all use) the one of a type of device. Tests put one in the place of the CPU.
void register_backend(at::DeviceType device, Backend* backend);

}  // namespace cambium::ops
