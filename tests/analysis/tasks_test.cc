#include "cambium/analysis/tasks.h"

#include <gtest/gtest.h>

#include "cambium/analysis/analyze.h"
#include "cambium/analysis/lens.h"
#include "cambium/base/error.h"
#include "cambium/model/hugging_face.h"
#include "tests/model/golden.h"
#include "tests/support/folder.h"

namespace cambium::analysis {
namespace {

const std::filesystem::path kModel = model::kGolden / "eval" / "curriculum";

class OnTasks : public Folder {
 protected:
  Tasks tasks(const std::string& names) const {
    eval::EvalSettings settings;
    settings.data = folder_;
    settings.num_fewshot = 0;
    settings.limit = 8;
    return {eval::select_tasks(names, eval::task_folder(), folder_), settings, tokenizer_};
  }

  Values values_of(const std::string& name, const Tasks& tasks) {
    Settings settings;
    settings.block_size = 2;
    settings.lens = folder_;
    settings.tasks = &tasks;
    const std::vector<int32_t> ids = tokenizer_.encode("Fill in the blank: a b c a b ___. -> c");
    const PromptSet prompts{.prompts = {{.ids = ids, .cuts = {8}, .group = ""}}, .source = "test", .hash = "test"};
    Values found;
    analyze(model_, "", prompts, settings, find_analyses(name), {},
            [&](const Analysis&, const Values& values, bool) { found = values; });
    return found;
  }

  model::Llama model_ = model::load_golden(kModel);
  text::Tokenizer tokenizer_ = text::Tokenizer::load(kModel);
};

TEST_F(OnTasks, LensesOfZeroLeaveAsTheLogitLensDoes) {
  // A fifth layer that adds nothing: what is read before it is the answer already.
  model::ModelConfig config = model::read_model_config(kModel);
  model::Parameters parameters = model::read_parameters(kModel, config);
  model::arrange_layers(config, parameters, std::vector{0, 1, 2, 3, 3});
  parameters.layers[4].zero_();
  model_ = {config, std::move(parameters), model::Precision::kFloat32};

  const Tasks both = tasks("copy_real_words,variable_assignment_depth_0_basic");
  Lens lens = Lens::zeros(model_.config);
  save_lens(folder_, lens, model_);
  const Values same = values_of("early-exit", both);
  EXPECT_EQ(same.at("tuned_task_accuracy_by_task"), same.at("logit_task_accuracy_by_task"));
  const Values& by_layer = same.at("tuned_task_accuracy");
  ASSERT_EQ(by_layer.size(), 6);
  EXPECT_GT(by_layer[5].get<double>(), 0.2);
  EXPECT_EQ(by_layer[4], by_layer[5]);
  EXPECT_EQ(same.at("tuned_task_depth_90"), 4);

  lens.biases[4].fill_(1e6F);  // every token reads the same before the fifth layer
  save_lens(folder_, lens, model_);
  const Values other = values_of("early-exit", both);
  EXPECT_EQ(other.at("logit_task_accuracy"), same.at("logit_task_accuracy"));
  EXPECT_LT(other.at("tuned_task_accuracy")[4].get<double>(), by_layer[4].get<double>() / 2);
  EXPECT_EQ(other.at("tuned_task_accuracy")[5], by_layer[5]);
  EXPECT_EQ(other.at("tuned_task_depth_90"), 5);
}

TEST_F(OnTasks, IdenticalLayersMayBeSwapped) {
  model_.weights.layers[2].copy_(model_.weights.layers[1]);
  model_.refresh_compute();
  const Values values = values_of("swap", tasks("copy_real_words"));
  EXPECT_EQ(values.at("accuracy")[1][0], values.at("baseline_accuracy"));
}

TEST_F(OnTasks, HashesTellQuestionsApart) {
  EXPECT_EQ(tasks("copy_real_words").hash(), tasks("copy_real_words").hash());
  EXPECT_NE(tasks("copy_real_words").hash(), tasks("copy_random_words").hash());
  EXPECT_THROW(tasks("heldout_nll"), InvalidInput);
}

}  // namespace
}  // namespace cambium::analysis
