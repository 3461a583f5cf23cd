#include <algorithm>
#include <array>

#include "cambium/analysis/analysis.h"
#include "cambium/analysis/run.h"
#include "cambium/base/error.h"
#include "cambium/base/text.h"

namespace cambium::analysis {
namespace {

constexpr std::array kAnalyses{
    Analysis{
        "contributions", "how large attention, MLP and layer outputs are beside the stream they are added to",
        "h_l: residual stream before layer l; a_l = Attn(norm(h_l)), m_l = MLP(norm(h_l + a_l)). Means over all "
        "tokens of all prompts. rc_attn = |a| / max(|h|, 1e-6); rc_mlp = |m| / |h + a|; rc_layer = |a + m| / |h|; "
        "norm_attn = |a|, norm_mlp = |m|, norm_input = |h|, max_norm_* their largest; *_by_position: mean over blocks "
        "by the layer's position within its block.",
        contributions},
    Analysis{
        "cosines", "whether attention, MLP and layer outputs agree with the stream they are added to",
        "Means over all tokens of all prompts of cosines. cos_attn = cos(a_l, h_l); cos_mlp = cos(m_l, h_l + a_l); "
        "cos_layer = cos(a_l + m_l, h_l); cos_io = cos(h_{l+1}, h_l); *_by_position: mean over blocks by the "
        "layer's position within its block.",
        cosines_to_stream},
    Analysis{"skip-effect",
             "what skipping a layer at earlier tokens does to later layers and the output of later tokens",
             "Layer s (or the part that --part names) adds nothing at positions 1 <= p < cut. u_i = h_{i+1} - h_i. "
             "layer_effect[s][i] = max over prompts, cuts and p >= cut of |u_i - u'_i| / max(|u_i|, 1e-6); "
             "logit_effect[s] = max of |softmax(logits) - softmax(logits')| (L2 norms).",
             skip_effect, "skip-effect"},
    Analysis{
        "skip-effect-current", "what skipping a layer everywhere does to later layers and the output",
        "As skip-effect, with the layer skipped at all positions p >= 1 and the effects measured at all positions.",
        skip_effect_current},
    Analysis{"skip-effect-local", "which later layers read directly what a layer wrote at earlier tokens",
             "As skip-effect without propagation: every later layer i sees h_i - u_s at positions 1 <= p < cut, alone.",
             skip_effect_local},
    Analysis{
        "depth-score", "at which depth the layers that matter for later tokens lie",
        "score(e) = sum_l l e_l / sum_l e_l over 0-based layers; uniform effects give (L - 1) / 2. Layer effect: e_s = "
        "sum_i layer_effect[s][i] / max(L - 1 - s, 1); logit effect: e_s = logit_effect[s] (skip-effect), with the "
        "max or the mean over prompts taken first: layer_max, layer_mean, logit_max, logit_mean. effect_*: the e_s; "
        "*_by_group: by the prompts' `group`, in the order of groups.",
        depth_score, "skip-effect"},
    Analysis{
        "logit-lens", "what the stream before each layer says when the head reads it as it is",
        "q_l = softmax(W_U FinalNorm(h_l)), h_l the stream before layer l (entry 0: the embeddings; the last entry: "
        "the final stream); p the final distribution. Means over tokens: kl = sum_v q (log q - log p); top5_overlap = "
        "|top5(q) & top5(p)| / 5; top1_agreement; cross_entropy and accuracy of the next token.",
        logit_lens},
    Analysis{"tuned-lens", "the same through translators that were trained for each layer (--lens)",
             "As logit-lens, with h_l + A_l h_l + b_l in the place of h_l (the last entry as it is).", tuned_lens},
    Analysis{
        "early-exit", "after which layer the next token, or the answer to a task, is as good as decided",
        "Reading the stream before each layer (the last entry: the final stream) through the logit lens, and with "
        "--lens the tuned lens: *_accuracy of the next token, *_agreement with the final top token; *_depth_90: the "
        "first entry that reaches 0.9 of the last one's accuracy, *_agreement_depth_90 the same for the agreement. "
        "With --tasks *_task_accuracy: share of right answers when the layers from there on are left out, mean over "
        "the tasks; *_task_depth_90; *_by_task: of each task, its index last.",
        early_exit, "", true},
    Analysis{
        "remove", "loss and accuracy without runs of consecutive layers",
        "nll[start][k]: mean -log p (nats a token) over all tokens that have one before them, without layers start "
        "... start + sizes[k] - 1; null where they do not fit. baseline_nll: of the plain pass. "
        "With --tasks the same of accuracy: share of right answers, mean over the tasks; accuracy_by_task: of each, "
        "its index last.",
        remove_layers, "orders", true},
    Analysis{
        "swap", "loss and accuracy with neighbouring groups of layers, or two blocks, in each other's place",
        "nll[start][k]: mean -log p (nats a token) with layers [start, start + s) and [start + s, start + 2 s) "
        "exchanged, s = sizes[k]; null where they do not fit. nll_blocks[i][j]: aligned blocks i and j of block_size "
        "layers exchanged. baseline_nll: of the plain pass. "
        "With --tasks the same of accuracy: share of right answers, mean over the tasks; accuracy_by_task: of each, "
        "its index last.",
        swap_layers, "orders", true},
    Analysis{"reverse", "loss and accuracy with layers, or blocks, run backwards",
             "nll[start][k]: mean -log p (nats a token) with layers start ... start + sizes[k] - 1 backwards. "
             "nll_all_layers: all layers; nll_blocks: the blocks of block_size layers backwards, each as it is; "
             "nll_within_blocks: each "
             "block's layers backwards. "
             "With --tasks the same of accuracy: share of right answers, mean over the tasks; accuracy_by_task: of "
             "each, its index last.",
             reverse_layers, "orders", true},
    Analysis{"shuffle-blocks", "loss and accuracy with the blocks in drawn orders",
             "nll[s]: mean -log p (nats a token) with the blocks of block_size layers in the order orders[s], drawn "
             "with the seed; mean_nll over the draws. "
             "With --tasks the same of accuracy: share of right answers, mean over the tasks; accuracy_by_task: of "
             "each, its index last.",
             shuffle_blocks, "orders", true},
    Analysis{"loop", "loss and accuracy with one block run one to three more times",
             "nll[b][k]: mean -log p (nats a token) with block b of block_size layers run 1 + extra[k] times in a row. "
             "With --tasks the same of accuracy: share of right answers, mean over the tasks; accuracy_by_task: of "
             "each, its index last.",
             loop_blocks, "orders", true},
    Analysis{"block-influence", "how far each layer turns the stream",
             "block_influence[l] = 1 - mean over tokens of cos(h_l, h_{l+1}).", block_influence},
    Analysis{
        "angular-distance", "how far runs of layers turn the stream",
        "angular_distance[l][n - 1] = mean over tokens of arccos(cos(h_l, h_{l+n})) / pi; null past the last layer.",
        angular_distance},
    Analysis{"cka", "how alike the streams before any two layers are as a whole",
             "Linear CKA of the streams before layers i and j (the last entry: the final stream) over `tokens` tokens, "
             "columns "
             "centred: |X'Y|^2 / (|X'X| |Y'Y|) (Frobenius).",
             linear_cka},
    Analysis{
        "attention", "how far back, how sharply and at which tokens each head looks",
        "By layer and head, p[i][j] the attention of token i to token j, means over all tokens: distance = sum_j p (i "
        "- "
        "j); entropy = -sum_j p log p; first_token = p[i][0]; own_token = p[i][i]; previous_token = p[i][i-1] (i >= "
        "1). "
        "induction: on random sequences said twice, the attention to the token behind the first saying of token i. "
        "mean_*: over the heads.",
        attention},
    Analysis{
        "retrieval", "after which layer a token said once is found again, by distance",
        "Random tokens with a key and its value near the front, and the key again `distance` tokens later. Reading the "
        "stream before each layer (the last entry: the final stream) through the logit lens at the last token: "
        "accuracy "
        "[l][d] = share of 16 samples whose top token is the value; probability [l][d] = mean probability of the "
        "value.",
        retrieval},
    Analysis{"residual-erasure", "how long the answer depends on what single tokens' streams hold",
             "The stream of token t before layer l (the last entry: the final stream) is replaced by its mean over all "
             "prompts, "
             "one at a time; effect = the largest |p - p'| (L2) over the distributions of the last four tokens. "
             "effect_by_part[l][k]: largest over the tokens of the k-th tenth of a prompt; effect[l]: over all.",
             residual_erasure},
    Analysis{
        "integrated-gradients", "which tokens' outputs of which layer the probability of the answer goes back to",
        "Of the first 2 prompts their first 24 tokens, the last 4 of them the answer. x[t]: the stream after layer l "
        "(or "
        "the "
        "output of the part that --part names), b its mean over the tokens; attribution[l][prompt][t] = sum over the "
        "entries of "
        "(x - b) times the mean over 256 steps r = 0, 1/256, ... of the gradient of sum p(answer) at b + r (x - b). "
        "size[l] = "
        "sum over tokens of |attribution|, mean over the prompts.",
        integrated_gradients},
    Analysis{
        "weight-similarity", "how alike the weights of layers and blocks are, and how many directions they use",
        "q, k, v, o, gate, up, down, all: [i][j] = cosine of the flattened matrices of layers i and j (all: the seven "
        "one after the other). blocks_*: of blocks of layers. asymmetry_* = mean |S[i][j] - S[n-1-i][n-1-j]|. "
        "effective_rank_* = exp(entropy of the singular values over their sum). updates_*: cosines of the changes "
        "since the checkpoint that --before names.",
        weight_similarity},
    Analysis{
        "signatures", "verdicts on the ways in which depth can fail to be used",
        "Each with its 95 % bootstrap interval over prompts (1000 resamples), threshold and verdict. curse_of_depth: "
        "depth "
        "score layer_mean / ((L - 1) / 2), present below 0.8. early_exit: first layer whose stream gives the final top "
        "token for 90 % of the tokens (logit lens) / L, present below 0.5. fragility: largest rise of the loss without "
        "a "
        "single layer but the first, as a share of the way from the loss to log(vocabulary) (unknown where there is "
        "none), present above 0.5. "
        "commutativity: the same share with all blocks in reverse order, present below 0.05. swap_asymmetry: largest "
        "difference of that share between block b replaced by b + 1 and b + 1 replaced by b, present above 0.25. "
        "erasing_attention: smallest cos_attn at the first layer of a block but the first, present below 0.",
        signatures},
};

/// The set of the paper's pictures.
constexpr std::array<std::string_view, 8> kPaper{"contributions", "cosines", "skip-effect", "depth-score",
                                                 "logit-lens",    "remove",  "swap",        "weight-similarity"};

const Analysis& find(std::string_view name) {
  std::vector<std::string> names{"all", "paper"};
  for (const Analysis& analysis : kAnalyses) {
    if (analysis.name == name) {
      return analysis;
    }
    names.emplace_back(analysis.name);
  }
  bad_input("--analysis: unknown analysis `{}`{}; `cambium analyze --list` lists them", name,
            did_you_mean(name, names));
}

}  // namespace

std::span<const Analysis> analyses() { return kAnalyses; }

std::vector<const Analysis*> find_analyses(std::string_view names) {
  std::vector<const Analysis*> found;
  const auto add = [&](const Analysis& analysis) {
    if (std::find(found.begin(), found.end(), &analysis) == found.end()) {
      found.push_back(&analysis);
    }
  };
  for (size_t begin = 0; begin <= names.size();) {
    const size_t end = std::min(names.find(',', begin), names.size());
    const std::string_view name = names.substr(begin, end - begin);
    begin = end + 1;
    if (name == "all") {
      std::for_each(kAnalyses.begin(), kAnalyses.end(), [&](const Analysis& each) {
        if (each.run != tuned_lens) {  // it needs lenses
          add(each);
        }
      });
    } else if (name == "paper") {
      std::for_each(kPaper.begin(), kPaper.end(), [&](std::string_view each) { add(find(each)); });
    } else {
      add(find(name));
    }
  }
  return found;
}

}  // namespace cambium::analysis
