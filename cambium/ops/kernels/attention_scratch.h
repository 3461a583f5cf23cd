#pragma once

#include "cambium/ops/kernels/kernels.h"

namespace cambium::ops::kernels {

/// Query rows and keys that meet at a time.
constexpr int64_t kQueryRows = 64;
constexpr int64_t kKeyBlock = 512;

/// Hands out parts of a scratch buffer, each on a cache line of its own where the buffer starts on one. Without a
/// buffer it only counts.
struct ScratchCutter {
  int32_t* data = nullptr;
  int64_t used = 0;
  [[gnu::always_inline]] int32_t* words(int64_t count) {
    constexpr int64_t kLine = 16;
    int32_t* part = data == nullptr ? nullptr : data + used;
    used += (count + kLine - 1) / kLine * kLine;
    return part;
  }
  [[gnu::always_inline]] float* floats(int64_t count) { return reinterpret_cast<float*>(words(count)); }
};

/// The parts of the attention kernels' scratch. Always inlined: no copy of this code may be shared between instruction
/// sets.
struct AttentionScratch {
  [[gnu::always_inline]] AttentionScratch(ScratchCutter cut, int64_t tk, int64_t d)
      : keys(cut.words(panel_words<float>(d, tk))),
        values(cut.words(panel_words<float>(tk, d))),
        scores(cut.floats(kQueryRows * kKeyBlock)),
        p(cut.words(kQueryRows * kKeyBlock)),
        sums(cut.floats(kQueryRows * panels(d) * kPanelColumns)),
        used(cut.used) {}
  int32_t *keys, *values;  ///< panels: columns of the scores; rows that the probabilities meet
  float* scores;           ///< [kQueryRows, kKeyBlock]
  int32_t* p;              ///< [kQueryRows, kKeyBlock] entries: the probabilities
  float* sums;             ///< [kQueryRows, padded head_dim]
  int64_t used;            ///< words
};

struct AttentionBackwardScratch {
  [[gnu::always_inline]] AttentionBackwardScratch(ScratchCutter cut, int64_t t, int64_t d)
      : keys(cut.words(panel_words<float>(d, t))),
        values(cut.words(panel_words<float>(d, t))),
        key_rows(cut.words(panel_words<float>(t, d))),
        query_rows(cut.words(kQueryRows * panels(d) * kPanelColumns)),
        dout_rows(cut.words(kQueryRows * panels(d) * kPanelColumns)),
        scores(cut.floats(kQueryRows * kKeyBlock)),
        dp(cut.floats(kQueryRows * kKeyBlock)),
        p(cut.words(kQueryRows * kKeyBlock)),
        ds(cut.words(kQueryRows * kKeyBlock)),
        p_pairs(cut.words(kQueryRows * kKeyBlock)),
        ds_pairs(cut.words(kQueryRows * kKeyBlock)),
        dq(cut.floats(panels(t) * kPanelColumns * panels(d) * kPanelColumns)),
        dk(cut.floats(panels(t) * kPanelColumns * panels(d) * kPanelColumns)),
        dv(cut.floats(panels(t) * kPanelColumns * panels(d) * kPanelColumns)),
        delta(cut.floats(t)),
        used(cut.used) {}
  int32_t *keys, *values;           ///< panels: columns of the scores, and of dp = dout · vᵀ
  int32_t* key_rows;                ///< panels for dq = ds · k
  int32_t *query_rows, *dout_rows;  ///< panels of a block of queries: dk = dsᵀ · q, dv = pᵀ · dout
  float *scores, *dp;               ///< [kQueryRows, kKeyBlock]
  int32_t *p, *ds;                  ///< [kQueryRows, kKeyBlock] entries
  int32_t *p_pairs, *ds_pairs;      ///< the same in words along the queries
  float *dq, *dk, *dv;              ///< [padded t, padded head_dim]
  float* delta;                     ///< [t] Σ out · dout
  int64_t used;                     ///< words
};

}  // namespace cambium::ops::kernels
