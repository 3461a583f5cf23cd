#include <array>

#include "cambium/report/pictures.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr std::string_view kRise = "rise, nats a token", kAccuracy = "change of accuracy";

constexpr std::array kRemove{
    Picture{"nll", "Layers removed:", "first removed layer", kRise, Form::kRise},
    Picture{"accuracy", "Tasks, layers removed:", "first removed layer", kAccuracy, Form::kRise}};
constexpr std::array kSwap{
    Picture{"nll", "Neighbours swapped, group size", "first layer", kRise, Form::kRise},
    Picture{"accuracy", "Tasks, neighbours swapped, group size", "first layer", kAccuracy, Form::kRise},
    Picture{.value = "nll_blocks",
            .title = "blocks exchanged, nats",
            .x = "block",
            .y = "block",
            .form = Form::kHeat,
            .layers = false},
    Picture{.value = "accuracy_blocks",
            .title = "blocks exchanged, accuracy on the tasks",
            .x = "block",
            .y = "block",
            .form = Form::kHeat,
            .layers = false}};
constexpr std::array kReverse{
    Picture{"nll", "Layers reversed:", "first reversed layer", kRise, Form::kRise},
    Picture{"accuracy", "Tasks, layers reversed:", "first reversed layer", kAccuracy, Form::kRise}};
constexpr std::array kReversed{Scalar{"nll_all_layers", "all layers reversed", 3, true},
                               Scalar{"nll_blocks", "blocks reversed", 3, true},
                               Scalar{"nll_within_blocks", "reversed within blocks", 3, true},
                               Scalar{"accuracy_all_layers", "change of accuracy, all layers reversed", 3, true},
                               Scalar{"accuracy_blocks", "blocks reversed", 3, true},
                               Scalar{"accuracy_within_blocks", "reversed within blocks", 3, true}};
constexpr std::array kShuffled{Scalar{"mean_nll", "blocks in drawn orders, mean rise", 3, true},
                               Scalar{"mean_accuracy", "mean change of accuracy", 3, true}};
constexpr std::array kLoop{Picture{.value = "nll",
                                   .title = "Extra runs of one block:",
                                   .x = "block",
                                   .y = kRise,
                                   .form = Form::kRise,
                                   .layers = false},
                           Picture{.value = "accuracy",
                                   .title = "Tasks, extra runs of one block:",
                                   .x = "block",
                                   .y = kAccuracy,
                                   .form = Form::kRise,
                                   .layers = false}};

constexpr std::array kOrderViews{
    AnalysisView{"remove", "Removing layers", {}, kRemove},
    AnalysisView{"swap", "Swapping layers and blocks", {}, kSwap},
    AnalysisView{"reverse", "Reversing", kReversed, kReverse},
    AnalysisView{"shuffle-blocks", "Blocks in drawn orders", kShuffled, {}},
    AnalysisView{"loop", "Looping a block", {}, kLoop},
};

}  // namespace

Section order_section(const Collection& collection, const Links& links) {
  return {.id = "order", .title = "Can layers go or move?", .body = html(kOrderViews, collection, links)};
}

}  // namespace cambium::report
