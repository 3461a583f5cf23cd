#include <array>

#include "cambium/report/pictures.h"
#include "cambium/report/section.h"

namespace cambium::report {
namespace {

constexpr std::array kScores{Scalar{"layer_mean", "layer effect, mean"}, Scalar{"layer_max", "layer effect, max"},
                             Scalar{"logit_mean", "logit effect, mean"}, Scalar{"logit_max", "logit effect, max"},
                             Scalar{"uniform", "if all layers mattered alike"}};
constexpr std::array kEffects{
    Picture{"effect_layer_mean", "Effect of skipping a layer on later layers", "skipped layer", "mean effect"},
    Picture{"effect_logit_mean", "Effect of skipping a layer on the output", "skipped layer", "mean effect"},
    Picture{.value = "layer_mean_by_group",
            .title = "Depth score by level",
            .x = "level",
            .y = "depth score",
            .layers = false}};
constexpr std::array kSkip{
    Picture{"layer_effect", "effect on later tokens", "affected layer", "skipped layer", Form::kHeat, 0, 1},
    Picture{"logit_effect", "Effect on the output", "skipped layer", "largest |p − p′|"}};
constexpr std::array kExit{
    Picture{"logit_accuracy", "Accuracy, logit lens", "before layer", "accuracy", Form::kLines, 0, 1},
    Picture{"tuned_accuracy", "Accuracy, tuned lens", "before layer", "accuracy", Form::kLines, 0, 1},
    Picture{"logit_task_accuracy", "Tasks, logit lens", "before layer", "accuracy", Form::kLines, 0, 1},
    Picture{"tuned_task_accuracy", "Tasks, tuned lens", "before layer", "accuracy", Form::kLines, 0, 1},
    Picture{"logit_agreement", "Agreement with the final token, logit lens", "before layer", "share", Form::kLines, 0,
            1},
    Picture{"tuned_agreement", "Agreement with the final token, tuned lens", "before layer", "share", Form::kLines, 0,
            1}};
constexpr std::array kExits{Scalar{"logit_depth_90", "logit lens: 90 % of the accuracy at", 1},
                            Scalar{"logit_agreement_depth_90", "logit lens: 90 % agreement at", 1},
                            Scalar{"tuned_depth_90", "tuned lens: 90 % of the accuracy at", 1},
                            Scalar{"tuned_agreement_depth_90", "tuned lens: 90 % agreement at", 1},
                            Scalar{"logit_task_depth_90", "logit lens: 90 % of the accuracy on the tasks at", 1},
                            Scalar{"tuned_task_depth_90", "tuned lens: 90 % of the accuracy on the tasks at", 1}};
constexpr std::array kLens{
    Picture{"kl", "Divergence from the final distribution", "before layer", "KL, nats"},
    Picture{"top5_overlap", "Overlap of the top five", "before layer", "share", Form::kLines, 0, 1},
    Picture{.value = "cross_entropy", .title = "Loss", .x = "before layer", .y = "nats a token", .more = true},
    Picture{.value = "top1_agreement",
            .title = "Agreement of the top token",
            .x = "before layer",
            .y = "share",
            .more = true}};
constexpr std::array kRetrieval{Picture{.value = "accuracy",
                                        .title = "retrieval",
                                        .x = "distance",
                                        .y = "before layer",
                                        .form = Form::kHeat,
                                        .low = 0,
                                        .high = 1,
                                        .layers = false}};
constexpr std::array kErasure{
    Picture{"effect", "Effect of erasing a token's stream", "before layer", "largest |p − p′|"},
    Picture{.value = "effect_by_part",
            .title = "erasure by tenth of the prompt",
            .x = "tenth",
            .y = "before layer",
            .form = Form::kHeat,
            .low = 0,
            .high = 1,
            .layers = false}};

constexpr std::array kDepthViews{
    AnalysisView{"depth-score", "Depth score", kScores, kEffects},
    AnalysisView{"skip-effect", "Skipping layers: effect on later tokens", {}, kSkip},
    AnalysisView{"skip-effect-current", "Skipping layers: effect on all tokens", {}, kSkip},
    AnalysisView{"skip-effect-local", "Skipping layers: direct effect", {}, kSkip},
    AnalysisView{"early-exit", "Early exit", kExits, kExit},
    AnalysisView{"tuned-lens", "Tuned lens", {}, kLens},
    AnalysisView{"logit-lens", "Logit lens", {}, kLens},
    AnalysisView{"retrieval", "Retrieval", {}, kRetrieval},
    AnalysisView{"residual-erasure", "Residual erasure", {}, kErasure},
};

}  // namespace

Section depth_section(const Collection& collection, const Links& links) {
  return {.id = "depth", .title = "Is the depth used?", .body = html(kDepthViews, collection, links)};
}

}  // namespace cambium::report
