#include "cambium/formats/llama2c.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "cambium/base/error.h"
#include "cambium/base/files.h"
#include "cambium/formats/float_bits.h"

namespace cambium::formats {
namespace {

constexpr int64_t kHeaderBytes = 7 * sizeof(int32_t);
constexpr int32_t kLaterVersions = 0x616b3432;  // "ak42" leads the files of version 1 and 2

Llama2cModel read_header(const MappedFile& file, std::string_view what) {
  std::array<int32_t, 7> sizes{};
  if (file.size() < kHeaderBytes) {
    bad_input("{}: byte 0: a llama2.c file starts with {} bytes of sizes, this one has {} bytes", what, kHeaderBytes,
              file.size());
  }
  std::memcpy(sizes.data(), file.bytes().data(), kHeaderBytes);
  if (sizes[0] == kLaterVersions)
    bad_input("{}: byte 0: a later version of llama2.c's format, expected version 0", what);
  const bool tied = sizes[5] > 0;  // the sign of the vocabulary size tells
  Llama2cModel model{sizes[0], sizes[1], sizes[2], sizes[3], sizes[4], tied ? sizes[5] : -int64_t{sizes[5]},
                     sizes[6], tied,     {}};
  const std::pair<std::string_view, int64_t> named[] = {{"dim", model.hidden_size},
                                                        {"hidden_dim", model.intermediate_size},
                                                        {"n_layers", model.num_hidden_layers},
                                                        {"n_heads", model.num_attention_heads},
                                                        {"n_kv_heads", model.num_key_value_heads},
                                                        {"vocab_size", model.vocab_size},
                                                        {"max_seq_len", model.max_position_embeddings}};
  for (size_t i = 0; i < std::size(named); ++i) {
    if (named[i].second < 1) {
      bad_input("{}: byte {}: {}: expected a positive size, found {}", what, 4 * i, named[i].first, named[i].second);
    }
  }
  if (model.hidden_size % (2 * model.num_attention_heads) != 0) {
    bad_input("{}: byte 0: dim {} does not give each of the {} heads an even size", what, model.hidden_size,
              model.num_attention_heads);
  }
  if (model.num_attention_heads % model.num_key_value_heads != 0) {
    bad_input("{}: byte 16: n_kv_heads {} does not divide the {} heads", what, model.num_key_value_heads,
              model.num_attention_heads);
  }
  return model;
}

int64_t kv_size(const Llama2cModel& model) {
  return model.hidden_size / model.num_attention_heads * model.num_key_value_heads;
}

/// Two tables of cosines and sines lie between the weights; nobody needs them.
int64_t rope_table_values(const Llama2cModel& model) {
  return model.max_position_embeddings * (model.hidden_size / model.num_attention_heads);
}

/// In 128 bits: the sizes are any 31-bit numbers until this has been held against the file.
void check_length(const Llama2cModel& model, int64_t file_bytes, std::string_view what) {
  using Wide = __int128;
  const Wide hidden = model.hidden_size;
  const Wide layer =
      2 * hidden + 2 * hidden * hidden + 2 * hidden * kv_size(model) + 3 * hidden * model.intermediate_size;
  const Wide values = hidden * model.vocab_size * (model.tie_word_embeddings ? 1 : 2) +
                      model.num_hidden_layers * layer + hidden + rope_table_values(model);
  const Wide bytes = kHeaderBytes + values * Wide{sizeof(float)};
  if (bytes != file_bytes) {
    bad_input("{}: its sizes take {} bytes, the file has {}", what,
              bytes > INT64_MAX ? "more than 2^63" : std::to_string(static_cast<int64_t>(bytes)), file_bytes);
  }
}

/// Takes the weights off the file one after the other.
class Weights {
 public:
  Weights(const MappedFile& file, std::string what) : file_(file), what_(std::move(what)) {}

  void skip(int64_t values) { position_ += values * static_cast<int64_t>(sizeof(float)); }

  std::vector<float> take(int64_t count, std::string_view name) {
    std::vector<float> values(static_cast<size_t>(count));
    std::memcpy(values.data(), file_.bytes().data() + position_, values.size() * sizeof(float));
    const auto bad = std::find_if_not(values.begin(), values.end(), float_is_finite);
    if (bad != values.end()) {
      bad_input("{}: byte {}: tensor `{}` holds a NaN or infinite value", what_,
                position_ + (bad - values.begin()) * static_cast<int64_t>(sizeof(float)), name);
    }
    skip(count);
    return values;
  }

 private:
  const MappedFile& file_;
  std::string what_;
  int64_t position_ = kHeaderBytes;
};

/// Of the rows of each head, the even ones first, then the odd ones.
std::vector<float> to_half_split(const std::vector<float>& values, int64_t heads, int64_t columns) {
  const int64_t head_size = static_cast<int64_t>(values.size()) / (heads * columns);
  std::vector<float> out;
  out.reserve(values.size());
  for (int64_t head = 0; head < heads; ++head) {
    for (int64_t row = 0; row < head_size; ++row) {
      const int64_t half = head_size / 2;
      const int64_t source = row < half ? 2 * row : 2 * (row - half) + 1;
      const auto begin = values.begin() + (head * head_size + source) * columns;
      out.insert(out.end(), begin, begin + columns);
    }
  }
  return out;
}

}  // namespace

Llama2cModel read_llama2c(const std::filesystem::path& path) {
  const std::string what = path.string();
  const MappedFile file(path);
  Llama2cModel model = read_header(file, what);
  check_length(model, file.size(), what);

  const int64_t hidden = model.hidden_size, ffn = model.intermediate_size, kv = kv_size(model);
  Weights weights(file, what);
  const auto take = [&](const std::string& name, std::vector<int64_t> shape, int64_t rotated_heads = 0) {
    const int64_t columns = shape.size() == 1 ? 1 : shape[1];
    std::vector<float> values = weights.take(shape[0] * columns, name);
    if (rotated_heads > 0) values = to_half_split(values, rotated_heads, columns);
    model.tensors.push_back({name, std::move(shape), std::move(values)});
  };
  const auto take_of_each_layer = [&](std::string_view name, const std::vector<int64_t>& shape, int64_t heads = 0) {
    for (int64_t layer = 0; layer < model.num_hidden_layers; ++layer) {
      take(format("model.layers.{}.{}.weight", layer, name), shape, heads);
    }
  };
  take("model.embed_tokens.weight", {model.vocab_size, hidden});
  take_of_each_layer("input_layernorm", {hidden});
  take_of_each_layer("self_attn.q_proj", {hidden, hidden}, model.num_attention_heads);
  take_of_each_layer("self_attn.k_proj", {kv, hidden}, model.num_key_value_heads);
  take_of_each_layer("self_attn.v_proj", {kv, hidden});
  take_of_each_layer("self_attn.o_proj", {hidden, hidden});
  take_of_each_layer("post_attention_layernorm", {hidden});
  take_of_each_layer("mlp.gate_proj", {ffn, hidden});
  take_of_each_layer("mlp.down_proj", {hidden, ffn});
  take_of_each_layer("mlp.up_proj", {ffn, hidden});
  take("model.norm.weight", {hidden});
  weights.skip(rope_table_values(model));
  if (!model.tie_word_embeddings) take("lm_head.weight", {model.vocab_size, hidden});
  return model;
}

}  // namespace cambium::formats
