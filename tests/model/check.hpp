// A check of a model, without a word of how it is executed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace filch::model {

/// What became of a scenario: how many executions held, or which was the first that did not, and how it ended.
struct verdict {
  std::uint64_t executions = 0;
  bool holds = true;
  std::string violation;
  std::string report;
};

/// A scenario with a name; runs so many times as often as it says by itself: `executions`, or 0 where it searches.
struct check {
  std::string name;
  double executions;
  std::function<verdict(double times)> run;
};

/// The program around the checks of a model:
///   <model> [<times> [<check>]]    all checks or the one, so many times as often as they say, and each at least as often as
///                                  FILCH_MODEL_EXECUTIONS in the environment says; with FILCH_MODEL_PART=k/n each
///                                  n-th of them alone, from the k-th on
///   <model> --mutants [<times> [<done> [<files>]]]
///                                  the kill matrix: without the mutants that lines of the file <done> begin with, and of the
///                                  sources whose names match the regular expression <files>
///   <model> --sites [<files>]      the operations of the shipped sources that the checks pass
int run_checks(int argc, char** argv, const std::vector<check>& checks);

}  // namespace filch::model
