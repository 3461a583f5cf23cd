#include <array>

#include "cambium/report/pictures.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr Picture layers(std::string_view value, std::string_view title, bool more = true) {
  return {.value = value, .title = title, .x = "layer", .y = "layer", .form = Form::kSquare, .more = more};
}
constexpr Picture blocks(std::string_view value, std::string_view title, bool more = true) {
  return {
      .value = value, .title = title, .x = "block", .y = "block", .form = Form::kSquare, .more = more, .layers = false};
}

constexpr std::array kWeights{
    blocks("blocks_all", "weights of blocks", false),
    layers("all", "weights of layers", false),
    layers("updates_all", "what layers learned", false),
    layers("q", "queries"),
    layers("k", "keys"),
    layers("v", "values"),
    layers("o", "attention's output"),
    layers("gate", "gate"),
    layers("up", "up"),
    layers("down", "down"),
    Picture{
        .value = "effective_rank_q", .title = "Effective rank, queries", .x = "layer", .y = "directions", .more = true},
    Picture{
        .value = "effective_rank_v", .title = "Effective rank, values", .x = "layer", .y = "directions", .more = true},
    Picture{.value = "effective_rank_down",
            .title = "Effective rank, down",
            .x = "layer",
            .y = "directions",
            .more = true}};
constexpr std::array kAsymmetry{
    Scalar{"asymmetry_all", "asymmetry, layers", 4}, Scalar{"asymmetry_blocks_all", "asymmetry, blocks", 4},
    Scalar{"asymmetry_q", "queries", 4}, Scalar{"asymmetry_v", "values", 4}, Scalar{"asymmetry_down", "down", 4}};
constexpr std::array kCka{Picture{"cka", "CKA", "before layer", "before layer", Form::kHeat, 0, 1}};
constexpr std::array kAngular{Picture{.value = "angular_distance",
                                      .title = "angle over n layers",
                                      .x = "n − 1",
                                      .y = "from layer",
                                      .form = Form::kHeat,
                                      .layers = false}};

constexpr std::array kSimilarityViews{
    AnalysisView{"weight-similarity", "Similarity of weights", kAsymmetry, kWeights},
    AnalysisView{"cka", "Similarity of streams", {}, kCka},
    AnalysisView{"angular-distance", "Angular distance", {}, kAngular},
};

}  // namespace

Section similarity_section(const Collection& collection, const Links& links) {
  return {.id = "similarity", .title = "What is alike?", .body = html(kSimilarityViews, collection, links)};
}

}  // namespace cambium::report
