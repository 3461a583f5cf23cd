#pragma once

#include <cstddef>

namespace cambium::model {

/// Hears where a training step stands, block by block (Parameters::blocks: the embedding, the layers, the head), while
/// others are still to come: what is done meanwhile overlaps with the rest of the step.
class StepListener {
 public:
  virtual ~StepListener() = default;
  /// The pass is about to read the weights of a block.
  virtual void reads(size_t block) = 0;
  /// The backward has added all that it will to the gradient of a block. Heard of the head first, then of the layers
  /// from the last to the first, then of the embedding.
  virtual void gradient_complete(size_t block) = 0;
};

}  // namespace cambium::model
