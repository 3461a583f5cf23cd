#include <array>

#include "cambium/report/pictures.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr Picture within_block(std::string_view value, std::string_view title, std::string_view y) {
  return {.value = value, .title = title, .x = "position within the block", .y = y, .layers = false};
}

constexpr std::string_view kShare = "size beside the stream", kCosine = "cosine";

constexpr std::array kContributions{
    Picture{"rc_attn", "Attention", "layer", kShare},
    Picture{"rc_mlp", "MLP", "layer", kShare},
    Picture{"rc_layer", "Layer", "layer", kShare},
    within_block("rc_attn_by_position", "Attention within blocks", kShare),
    within_block("rc_mlp_by_position", "MLP within blocks", kShare),
    within_block("rc_layer_by_position", "Layer within blocks", kShare),
    Picture{.value = "norm_input", .title = "Norm of the stream", .x = "layer", .y = "norm", .more = true},
    Picture{.value = "norm_attn", .title = "Norm of attention's output", .x = "layer", .y = "norm", .more = true},
    Picture{.value = "norm_mlp", .title = "Norm of the MLP's output", .x = "layer", .y = "norm", .more = true}};
constexpr std::array kCosines{Picture{"cos_attn", "Attention and stream", "layer", kCosine},
                              Picture{"cos_mlp", "MLP and stream", "layer", kCosine},
                              Picture{"cos_io", "Layer's output and input", "layer", kCosine},
                              within_block("cos_attn_by_position", "Attention within blocks", kCosine),
                              within_block("cos_mlp_by_position", "MLP within blocks", kCosine),
                              within_block("cos_layer_by_position", "Layer within blocks", kCosine)};
constexpr std::array kInfluence{Picture{"block_influence", "Turn of the stream", "layer", "1 − cosine"}};

constexpr std::array kSublayerViews{
    AnalysisView{"contributions", "Contributions", {}, kContributions},
    AnalysisView{"cosines", "Cosines to the stream", {}, kCosines},
    AnalysisView{"block-influence", "Block influence", {}, kInfluence},
};

}  // namespace

Section sublayer_section(const Collection& collection, const Links& links) {
  return {.id = "sublayers", .title = "What do sublayers add?", .body = html(kSublayerViews, collection, links)};
}

}  // namespace cambium::report
