#include "cambium/eval/generator.h"

#include <algorithm>

namespace cambium::eval {
namespace {

constexpr int64_t kMostLanes = 64;
constexpr int64_t kMostSlotBytes = int64_t{3} << 29;  // 1.5 GiB of keys and values

/// A stretch of slots and the sequence that stands in it.
struct Lane {
  int64_t first_slot;
  std::vector<int32_t> held;   ///< tokens whose keys and values are in the slots
  std::vector<int32_t> fresh;  ///< tokens for the next pass
  std::vector<int32_t> made;
  const Prompt* prompt = nullptr;  ///< none: free
};

class Generator {
 public:
  Generator(model::Llama& model, model::Forward& forward, model::PackedForward& packed, std::vector<Prompt> prompts,
            const GeneratorSettings& settings, const OnTokens& on_tokens)
      : model_(model),
        forward_(forward),
        packed_(packed),
        prompts_(std::move(prompts)),
        settings_(settings),
        on_tokens_(on_tokens) {
    // The longest first: the lanes' length is known, and no long one is left over at the end.
    std::stable_sort(prompts_.begin(), prompts_.end(),
                     [](const Prompt& a, const Prompt& b) { return a.ids.size() > b.ids.size(); });
    int64_t length = 1;
    for (const Prompt& prompt : prompts_) {
      length = std::max(length, static_cast<int64_t>(prompt.ids.size()) + prompt.max_tokens);
    }
    const auto places = static_cast<int64_t>(settings.route.order.size());
    const int64_t slot_bytes = 2 * places * model.config.num_key_value_heads * model.config.head_dim() *
                               (model.precision == model::Precision::kFloat32 ? 4 : 2);
    const int64_t fit = std::max<int64_t>(1, kMostSlotBytes / std::max<int64_t>(1, slot_bytes * length));
    const int64_t lanes = settings.alone ? 1 : std::min({fit, kMostLanes, static_cast<int64_t>(prompts_.size())});
    store_ = model::make_slots(model, lanes * length, places);
    for (int64_t lane = 0; lane < lanes; ++lane) {
      lanes_.push_back({.first_slot = lane * length, .held = {}, .fresh = {}, .made = {}});
    }
  }

  void run() {
    for (;;) {
      admit();
      std::vector<Lane*> active;
      for (Lane& lane : lanes_) {
        if (lane.prompt != nullptr) {
          active.push_back(&lane);
        }
      }
      if (active.empty()) {
        return;
      }
      const std::vector<int32_t> next = pass(active);
      for (size_t i = 0; i < active.size(); ++i) {
        take(*active[i], next[i]);
      }
    }
  }

 private:
  /// Gives free lanes their next prompts, as many as fit into one pass.
  void admit() {
    int64_t rows = 0;
    for (Lane& lane : lanes_) {
      if (next_ == prompts_.size() || (rows > 0 && rows >= settings_.batch_tokens)) {
        return;
      }
      if (lane.prompt != nullptr) {
        continue;
      }
      const Prompt& prompt = prompts_[next_++];
      const int64_t known = settings_.alone ? 0 : copy_known(prompt, lane);
      lane.prompt = &prompt;
      lane.made.clear();
      lane.held.assign(prompt.ids.begin(), prompt.ids.begin() + known);
      lane.fresh.assign(prompt.ids.begin() + known, prompt.ids.end());
      rows += static_cast<int64_t>(lane.fresh.size());
    }
  }

  /// Copies into `lane` what another holds of the prompt's beginning; gives how many tokens. The last token is always
  /// computed: its prediction is wanted.
  int64_t copy_known(const Prompt& prompt, const Lane& lane) {
    const Lane* best = nullptr;
    int64_t most = 0;
    for (const Lane& other : lanes_) {
      const auto end = std::mismatch(prompt.ids.begin(), prompt.ids.end() - 1, other.held.begin(), other.held.end());
      const int64_t same = end.first - prompt.ids.begin();
      if (same > most) {
        most = same;
        best = &other;
      }
    }
    if (best != nullptr && best != &lane) {
      for (std::vector<at::Tensor>* tensors : {&store_.keys, &store_.values}) {
        for (at::Tensor& tensor : *tensors) {
          tensor.narrow(0, lane.first_slot, most).copy_(tensor.narrow(0, best->first_slot, most));
        }
      }
    }
    return most;
  }

  /// Runs the fresh tokens of all lanes; gives each lane's most likely next token.
  std::vector<int32_t> pass(const std::vector<Lane*>& active) {
    model::PackedRows rows;
    std::vector<int64_t> last_rows;
    for (Lane* lane : active) {
      const auto row = static_cast<int64_t>(rows.ids.size()), count = static_cast<int64_t>(lane->fresh.size());
      const auto past = static_cast<int64_t>(lane->held.size());
      for (int64_t i = 0; i < count; ++i) {
        rows.positions.push_back(past + i);
        rows.slots.push_back(lane->first_slot + past + i);
      }
      rows.ids.insert(rows.ids.end(), lane->fresh.begin(), lane->fresh.end());
      rows.segments.push_back({row, count, {{lane->first_slot, past + count}}});
      last_rows.push_back(row + count - 1);
      lane->held.insert(lane->held.end(), lane->fresh.begin(), lane->fresh.end());
    }
    rows.store = &store_;
    const at::Tensor hidden = packed_.hidden(rows, settings_.route);
    const at::Tensor last = hidden.index_select(0, at::tensor(last_rows, at::kLong).to(hidden.device()));
    const at::Tensor best = forward_.logits(last).argmax(1);
    return {best.const_data_ptr<int64_t>(), best.const_data_ptr<int64_t>() + best.numel()};
  }

  void take(Lane& lane, int32_t id) {
    const bool ended = settings_.end_of_text == id;
    if (!ended) {
      lane.made.push_back(id);
    }
    const bool last = ended || static_cast<int64_t>(lane.made.size()) == lane.prompt->max_tokens;
    if (on_tokens_(*lane.prompt, lane.made, last) || last) {
      lane.prompt = nullptr;
    } else {
      lane.fresh.assign(1, id);
    }
  }

  model::Llama& model_;
  model::Forward& forward_;
  model::PackedForward& packed_;
  std::vector<Prompt> prompts_;
  const GeneratorSettings& settings_;
  const OnTokens& on_tokens_;
  model::KvSlots store_;
  std::vector<Lane> lanes_;
  size_t next_ = 0;
};

}  // namespace

void generate_all(model::Llama& model, model::Forward& forward, model::PackedForward& packed,
                  std::vector<Prompt> prompts, const GeneratorSettings& settings, const OnTokens& on_tokens) {
  Generator(model, forward, packed, std::move(prompts), settings, on_tokens).run();
}

}  // namespace cambium::eval
