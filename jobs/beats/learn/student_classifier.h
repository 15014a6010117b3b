#pragma once

// Where students meet classifiers.

#include <memory>

#include "jobs/beats/learn/classifier.h"
#include "jobs/beats/learn/student.h"
#include "jobs/job_state.h"

namespace xorch::beats {

// f32[N,1,360]. Shares the memory of the windows, which outlive it.
torch::Tensor windows_tensor(const float* windows, std::int64_t beats);

// Shares the network.
std::unique_ptr<BeatClassifier> make_student_classifier(Student network);

// What open_classifier() reads.
JobState student_model(const Student& network, const StudentShape& shape);

}  // namespace xorch::beats
