#pragma once

/// One function a verb: parses its own options (argv[0] is "cambium <verb>"), calls the library and prints. Gives the
/// exit code; errors leave as exceptions, which `main` turns into a message and the code that belongs to them.
int analyze_main(int argc, char** argv);
int bench_main(int argc, char** argv);
int convert_main(int argc, char** argv);
int data_main(int argc, char** argv);
int eval_main(int argc, char** argv);
int generate_main(int argc, char** argv);
int grow_main(int argc, char** argv);
int inspect_main(int argc, char** argv);
int lens_main(int argc, char** argv);
int plan_main(int argc, char** argv);
int quickstart_main(int argc, char** argv);
int report_main(int argc, char** argv);
int score_main(int argc, char** argv);
int study_main(int argc, char** argv);
int tokenizer_main(int argc, char** argv);
int train_main(int argc, char** argv);
